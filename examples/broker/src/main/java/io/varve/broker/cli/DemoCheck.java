// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Compares what comes back with the file. Line i went to partition i mod n, so that the record at an offset of a
 * partition can only be one line: a loss, a duplicate, a swap or a changed byte shows at the first record it touches.
 *
 * <p>Threading: safe; a partition is read by one thread at a time.
 */
final class DemoCheck {

    private final DemoInput input;
    private final int partitions;
    private final AtomicIntegerArray next;
    private final AtomicReference<@Nullable String> difference = new AtomicReference<>();

    DemoCheck(DemoInput input, int partitions) {
        this.input = input;
        this.partitions = partitions;
        this.next = new AtomicIntegerArray(partitions);
    }

    /**
     * Looks at a record.
     *
     * @return the number of its line, or -1 when it came a second time or differs
     */
    int accept(ConsumerRecord<byte[], byte[]> record) {
        final int partition = record.partition();
        final int expected = next.get(partition);
        if (record.offset() < expected) {
            return -1; // a group may deliver again after a rebalance
        }
        final long line = record.offset() * partitions + partition;
        if (record.offset() > expected || line >= input.lines()) {
            return differs(
                    "partition " + partition + " goes on at offset " + record.offset() + ", expected " + expected);
        }
        if (record.value() == null || !input.isLine((int) line, record.value())) {
            return differs("line " + (line + 1) + " came back changed, partition=" + partition + ", offset="
                    + record.offset());
        }
        next.set(partition, expected + 1);
        return (int) line;
    }

    private int differs(String what) {
        difference.compareAndSet(null, what);
        return -1;
    }

    /** What was found to differ first, or null. */
    @Nullable
    String difference() {
        return difference.get();
    }

    /** Lines that came back so far. */
    int count() {
        int count = 0;
        for (int partition = 0; partition < partitions; partition++) {
            count += next.get(partition);
        }
        return count;
    }

    /** Lines of one partition that came back so far; its next offset. */
    int count(int partition) {
        return next.get(partition);
    }

    /** True when all lines came back or a difference ends the matter. */
    boolean isDone() {
        return difference.get() != null || count() == input.lines();
    }
}
