// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import java.time.Duration;

/**
 * When appended records become durable without a call of {@link CommitLog#flush}. What is not flushed survives the death of the
 * process, not that of the machine.
 *
 * <p>{@code everyRecords} is kept by the append itself, which flushes before it returns. {@code everyBytes} and {@code everyMs} are
 * kept by whoever waits for durability and by the {@linkplain CommitLog#upkeep upkeep job}, off the append path.
 *
 * <p>Threading: immutable.
 *
 * @param everyRecords an append flushes when this many records are not durable, at least 1; {@link Long#MAX_VALUE} for never
 * @param everyBytes a flush is due when this many bytes are not durable, at least 1; {@link Long#MAX_VALUE} for never
 * @param everyMs a flush is due when the oldest record that is not durable is this old, milliseconds, at least 0;
 *     {@link Long#MAX_VALUE} for never
 */
public record FlushPolicy(long everyRecords, long everyBytes, long everyMs) {

    /** Leaves it to the operating system and to calls of {@link CommitLog#flush}. */
    public static final FlushPolicy OPERATING_SYSTEM = new FlushPolicy(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

    /** Every append is durable before it returns. */
    public static final FlushPolicy EVERY_APPEND = everyRecords(1);

    /**
     * Checks the values.
     *
     * @param everyRecords as in the record
     * @param everyBytes as in the record
     * @param everyMs as in the record
     * @throws IllegalArgumentException when one is out of its bounds
     */
    public FlushPolicy {
        if (everyRecords < 1 || everyBytes < 1 || everyMs < 0) {
            throw new IllegalArgumentException("out of range: everyRecords=" + everyRecords + ", everyBytes="
                    + everyBytes + ", everyMs=" + everyMs + ", smallest=1, 1, 0");
        }
    }

    /**
     * An append flushes when {@code records} are not durable.
     *
     * @param records how many records, at least 1
     * @return the policy
     */
    public static FlushPolicy everyRecords(long records) {
        return new FlushPolicy(records, Long.MAX_VALUE, Long.MAX_VALUE);
    }

    /**
     * What was appended is durable about {@code interval} later.
     *
     * @param interval how long a record may be not durable
     * @return the policy
     */
    public static FlushPolicy every(Duration interval) {
        return new FlushPolicy(Long.MAX_VALUE, Long.MAX_VALUE, interval.toMillis());
    }

    /**
     * Group commit: those who {@linkplain CommitLog#awaitDurable wait} share one flush, which happens when {@code bytes} have gathered
     * or the first has waited for {@code delay}, whichever comes first.
     *
     * @param delay how long the first waits at most
     * @param bytes how many bytes, at least 1
     * @return the policy
     */
    public static FlushPolicy groupCommit(Duration delay, long bytes) {
        return new FlushPolicy(Long.MAX_VALUE, bytes, delay.toMillis());
    }
}
