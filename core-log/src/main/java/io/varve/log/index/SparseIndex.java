// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.index;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Where some of the batches of a segment begin, by their last offset, and the largest timestamp up to each.
 *
 * <p>Entries lie in direct memory: appending makes no garbage, and a collection has nothing to copy. An entry is published by the
 * release store of the count that follows its values; a reader takes the count first.
 *
 * <p>Threading: one writer, any readers.
 */
public final class SparseIndex {

    private static final int CHUNK_BITS = 8;
    private static final int CHUNK_ENTRIES = 1 << CHUNK_BITS;
    private static final int RELATIVE_OFFSET = 0;
    private static final int POSITION = 4;
    private static final int MAX_TIMESTAMP = 8;
    private static final int MAX_TIMESTAMP_OFFSET = 16;
    private static final int ENTRY_BYTES = 20;

    // A chunk that is full stays as it is for ever; the array is replaced when another is added.
    private volatile ByteBuffer[] chunks = new ByteBuffer[0];
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
        int entry = count;
        if (entry == chunks.length << CHUNK_BITS) {
            addChunk();
        }
        ByteBuffer chunk = chunks[entry >> CHUNK_BITS];
        int at = at(entry);
        chunk.putInt(at + RELATIVE_OFFSET, relativeOffset);
        chunk.putInt(at + POSITION, position);
        chunk.putLong(at + MAX_TIMESTAMP, maxTimestampMs);
        chunk.putInt(at + MAX_TIMESTAMP_OFFSET, maxTimestampRelativeOffset);
        count = entry + 1;
    }

    private void addChunk() {
        ByteBuffer[] more = Arrays.copyOf(chunks, chunks.length + 1);
        more[chunks.length] = ByteBuffer.allocateDirect(CHUNK_ENTRIES * ENTRY_BYTES);
        chunks = more;
    }

    private static int at(int entry) {
        return (entry & (CHUNK_ENTRIES - 1)) * ENTRY_BYTES;
    }

    private int intAt(int entry, int field) {
        return chunks[entry >> CHUNK_BITS].getInt(at(entry) + field);
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
        return intAt(entry, RELATIVE_OFFSET);
    }

    /**
     * {@return where the batch begins, of an entry}
     *
     * @param entry number of the entry, from 0
     */
    public int position(int entry) {
        return intAt(entry, POSITION);
    }

    /**
     * {@return largest timestamp up to the batch of an entry, inclusive, in milliseconds since the epoch}
     *
     * @param entry number of the entry, from 0
     */
    public long maxTimestampMs(int entry) {
        return chunks[entry >> CHUNK_BITS].getLong(at(entry) + MAX_TIMESTAMP);
    }

    /**
     * {@return last offset, relative to the base offset, of the first batch that has it}
     *
     * @param entry number of the entry, from 0
     */
    public int maxTimestampRelativeOffset(int entry) {
        return intAt(entry, MAX_TIMESTAMP_OFFSET);
    }

    /**
     * {@return the last entry whose batch ends at or below this offset; -1 when there is none}
     *
     * @param relativeOffset offset relative to the base offset
     */
    public int entryAtOrBelow(int relativeOffset) {
        return last(entry -> relativeOffset(entry) <= relativeOffset);
    }

    /**
     * {@return the last indexed position that is not beyond this one; 0 when there is none}
     *
     * @param position position in the log file
     */
    public int lastPositionAtOrBelow(int position) {
        return positionOf(last(entry -> position(entry) <= position));
    }

    /**
     * {@return position from which a scan must start to find the first record at or after a time}
     *
     * @param timestampMs the time, milliseconds since the epoch
     */
    public int positionBeforeTime(long timestampMs) {
        return positionOf(last(entry -> maxTimestampMs(entry) < timestampMs));
    }

    private int positionOf(int entry) {
        return entry < 0 ? 0 : position(entry);
    }

    /** The last entry of those that are so, -1 when there is none; all that are stand before all that are not. */
    private int last(IntPredicate isSo) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (isSo.test(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    /**
     * {@return the entries whose batches begin below a position of the log file, as an index of their own}
     *
     * @param position position in the log file
     */
    public SparseIndex below(long position) {
        SparseIndex kept = new SparseIndex();
        for (int i = 0; i < count && position(i) < position; i++) {
            kept.add(relativeOffset(i), position(i), maxTimestampMs(i), maxTimestampRelativeOffset(i));
        }
        return kept;
    }
}
