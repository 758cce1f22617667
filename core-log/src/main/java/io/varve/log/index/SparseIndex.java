// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.index;

import java.util.Arrays;

/**
 * Where some of the batches of a segment begin, by their last offset, and the largest timestamp up to each.
 *
 * <p>An entry is published by the release store of the count that follows its values; a reader takes the count first.
 *
 * <p>Threading: one writer, any readers.
 */
public final class SparseIndex {

    private static final int INITIAL_ENTRIES = 16;

    private volatile Entries entries = new Entries(INITIAL_ENTRIES);
    private volatile int count;

    /**
     * Appends an entry; offsets and positions must increase.
     *
     * @param relativeOffset offset relative to the base offset
     * @param position position in the log file
     * @param maxTimestampMs largest timestamp up to the batch, inclusive
     * @param maxTimestampRelativeOffset last offset of the first batch that has it, relative to the base offset
     */
    public void add(int relativeOffset, int position, long maxTimestampMs, int maxTimestampRelativeOffset) {
        Entries current = entries;
        int at = count;
        if (at == current.positions.length) {
            current = current.grown();
            entries = current;
        }
        current.relativeOffsets[at] = relativeOffset;
        current.positions[at] = position;
        current.maxTimestampsMs[at] = maxTimestampMs;
        current.maxTimestampRelativeOffsets[at] = maxTimestampRelativeOffset;
        count = at + 1;
    }

    /** {@return number of entries} */
    public int entryCount() {
        return count;
    }

    /**
     * {@return last offset of the batch, relative to the base offset, of an entry}
     *
     * @param entry number of the entry, from 0
     */
    public int relativeOffset(int entry) {
        return entries.relativeOffsets[entry];
    }

    /**
     * {@return where the batch begins, of an entry}
     *
     * @param entry number of the entry, from 0
     */
    public int position(int entry) {
        return entries.positions[entry];
    }

    /**
     * {@return largest timestamp up to the batch of an entry, inclusive, in milliseconds since the epoch}
     *
     * @param entry number of the entry, from 0
     */
    public long maxTimestampMs(int entry) {
        return entries.maxTimestampsMs[entry];
    }

    /**
     * {@return last offset, relative to the base offset, of the first batch that has it}
     *
     * @param entry number of the entry, from 0
     */
    public int maxTimestampRelativeOffset(int entry) {
        return entries.maxTimestampRelativeOffsets[entry];
    }

    /**
     * {@return position of the last indexed batch that ends at or below this offset; 0 when there is none}
     *
     * @param relativeOffset offset relative to the base offset
     */
    public int positionAtOrBelow(int relativeOffset) {
        int visible = count;
        int[] offsets = entries.relativeOffsets;
        int low = 0;
        int high = visible;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (offsets[middle] <= relativeOffset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == 0 ? 0 : entries.positions[low - 1];
    }

    /**
     * {@return the last indexed position that is not beyond this one; 0 when there is none}
     *
     * @param position position in the log file
     */
    public int lastPositionAtOrBelow(int position) {
        int visible = count;
        int found = Arrays.binarySearch(entries.positions, 0, visible, position);
        int entry = found >= 0 ? found : -found - 2;
        return entry < 0 ? 0 : entries.positions[entry];
    }

    /**
     * {@return position from which a scan must start to find the first record at or after a time}
     *
     * @param timestampMs the time, milliseconds since the epoch
     */
    public int positionBeforeTime(long timestampMs) {
        int visible = count;
        long[] upTo = entries.maxTimestampsMs;
        int low = 0;
        int high = visible;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (upTo[middle] < timestampMs) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == 0 ? 0 : entries.positions[low - 1];
    }

    /**
     * {@return the entries whose batches begin below a position of the log file, as an index of their own}
     *
     * @param position position in the log file
     */
    public SparseIndex below(long position) {
        SparseIndex kept = new SparseIndex();
        for (int i = 0; i < count && entries.positions[i] < position; i++) {
            kept.add(
                    entries.relativeOffsets[i],
                    entries.positions[i],
                    entries.maxTimestampsMs[i],
                    entries.maxTimestampRelativeOffsets[i]);
        }
        return kept;
    }

    private static final class Entries {

        private final int[] relativeOffsets;
        private final int[] positions;
        private final long[] maxTimestampsMs;
        private final int[] maxTimestampRelativeOffsets;

        Entries(int capacity) {
            this(new int[capacity], new int[capacity], new long[capacity], new int[capacity]);
        }

        private Entries(
                int[] relativeOffsets, int[] positions, long[] maxTimestampsMs, int[] maxTimestampRelativeOffsets) {
            this.relativeOffsets = relativeOffsets;
            this.positions = positions;
            this.maxTimestampsMs = maxTimestampsMs;
            this.maxTimestampRelativeOffsets = maxTimestampRelativeOffsets;
        }

        Entries grown() {
            int capacity = 2 * positions.length;
            return new Entries(
                    Arrays.copyOf(relativeOffsets, capacity),
                    Arrays.copyOf(positions, capacity),
                    Arrays.copyOf(maxTimestampsMs, capacity),
                    Arrays.copyOf(maxTimestampRelativeOffsets, capacity));
        }
    }
}
