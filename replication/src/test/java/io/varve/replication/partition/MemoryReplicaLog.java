// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A log in memory, on a disk that forgets with the power what was not forced: some of it, or all. A batch is one record, a value; between replicas with its epoch before it.
 */
final class MemoryReplicaLog implements ReplicaLog {

    /** A record as it stands in the log. */
    record Entry(int epoch, long value) {}

    private static final int FETCHED_BYTES = Integer.BYTES + Long.BYTES;

    private final boolean lies;
    private long baseOffset;
    private long startOffset;
    private long flushedOffset;
    private final List<Entry> entries = new ArrayList<>();

    /**
     * An empty one.
     *
     * @param lies whether it says of everything that it is forced
     */
    MemoryReplicaLog(boolean lies) {
        this.lies = lies;
    }

    @Override
    public long startOffset() {
        return startOffset;
    }

    @Override
    public long endOffset() {
        return baseOffset + entries.size();
    }

    @Override
    public long flushedOffset() {
        return lies ? endOffset() : flushedOffset;
    }

    @Override
    public int lastEpoch() {
        return endOffset() == startOffset
                ? EpochEnd.NONE
                : entry(endOffset() - 1).epoch();
    }

    @Override
    public EpochEnd endOf(int epoch) {
        long end = endOffset();
        while (end > startOffset && entry(end - 1).epoch() > epoch) {
            end--;
        }
        return new EpochEnd(end == startOffset ? EpochEnd.NONE : entry(end - 1).epoch(), end);
    }

    Entry entry(long offset) {
        return entries.get((int) (offset - baseOffset));
    }

    /** Offset of a value, -1 when it is not there. */
    long offsetOf(long value) {
        for (long offset = endOffset() - 1; offset >= startOffset; offset--) {
            if (entry(offset).value() == value) {
                return offset;
            }
        }
        return -1;
    }

    @Override
    public long append(ByteBuffer batches, int epoch) {
        Ledger.require(epoch >= lastEpoch(), "epoch goes back: epoch=" + epoch + ", last=" + lastEpoch());
        long first = endOffset();
        while (batches.hasRemaining()) {
            entries.add(new Entry(epoch, batches.getLong()));
        }
        return first;
    }

    @Override
    public void appendFetched(ByteBuffer batches) {
        while (batches.hasRemaining()) {
            entries.add(new Entry(batches.getInt(), batches.getLong()));
        }
    }

    /** Some records as a leader sends them. */
    ByteBuffer read(long offset, long endOffset, int maxRecords) {
        int count = (int) Math.min(maxRecords, Math.max(0, endOffset - offset));
        ByteBuffer batches = ByteBuffer.allocate(count * FETCHED_BYTES);
        for (int i = 0; i < count; i++) {
            Entry entry = entry(offset + i);
            batches.putInt(entry.epoch()).putLong(entry.value());
        }
        return batches.flip();
    }

    @Override
    public void truncateTo(long offset) {
        Ledger.require(offset >= startOffset && offset <= endOffset(), "no end: " + offset);
        entries.subList((int) (offset - baseOffset), entries.size()).clear();
        flushedOffset = Math.min(flushedOffset, offset);
    }

    @Override
    public void resetTo(long offset) {
        entries.clear();
        baseOffset = offset;
        startOffset = offset;
        flushedOffset = offset;
    }

    @Override
    public void deleteBefore(long offset) {
        Ledger.require(offset <= endOffset(), "no start: " + offset);
        startOffset = Math.max(startOffset, offset);
    }

    void force(long endOffset) {
        flushedOffset = Math.max(flushedOffset, Math.min(endOffset, endOffset()));
    }

    /**
     * The power is lost, and of what was not forced everything, or some of it when chance is asked; how many records are gone is returned.
     */
    long losePower(@Nullable Random random) {
        long before = endOffset();
        int flushed = (int) (flushedOffset - baseOffset);
        int kept = flushed + (random == null ? 0 : random.nextInt(entries.size() - flushed + 1));
        entries.subList(kept, entries.size()).clear();
        if (startOffset > endOffset()) {
            resetTo(startOffset);
        }
        flushedOffset = endOffset();
        return before - endOffset();
    }
}
