// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

/**
 * When an append makes itself durable. What is not flushed survives the death of the process, not that of the machine.
 *
 * <p>Threading: immutable.
 *
 * @param everyRecords an append flushes when this many records are not durable, at least 1; {@link Long#MAX_VALUE} for never
 */
public record FlushPolicy(long everyRecords) {

    /** Leaves it to the operating system and to calls of {@link CommitLog#flush}. */
    public static final FlushPolicy OPERATING_SYSTEM = new FlushPolicy(Long.MAX_VALUE);

    /** Every append is durable before it returns. */
    public static final FlushPolicy EVERY_APPEND = new FlushPolicy(1);

    public FlushPolicy {
        if (everyRecords < 1) {
            throw new IllegalArgumentException("out of range: everyRecords=" + everyRecords + ", smallest=1");
        }
    }
}
