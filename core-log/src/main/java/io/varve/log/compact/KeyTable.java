// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

import java.util.Arrays;

/**
 * The latest offset of each key, by the hash of the key, in a fixed amount of memory. Open addressing with linear probing.
 *
 * <p>Threading: confined to one thread.
 */
final class KeyTable {

    /** What {@link #get} returns for a key that is not there. */
    static final long ABSENT = -1;

    private static final int SLOT_LONGS = 3;
    static final int SLOT_BYTES = SLOT_LONGS * Long.BYTES;

    /** A fuller table holds more keys and probes longer: about nine slots for an absent key at this load. */
    private static final double LARGEST_LOAD = 0.75;

    /** Per slot: both halves of the hash, and the offset plus one, which is zero in a free slot. */
    private final long[] slots;

    private final int slotCount;
    private final int largestCount;
    private int count;

    /** A table of at most so many bytes, one slot at least. */
    KeyTable(int bytes) {
        slotCount = Math.max(2, bytes / SLOT_BYTES);
        largestCount = (int) (slotCount * LARGEST_LOAD);
        slots = new long[slotCount * SLOT_LONGS];
    }

    /** Notes an offset of a key; false when the key is new and there is no room. */
    boolean put(long high, long low, long offset) {
        int at = find(high, low);
        if (slots[at + 2] == 0) {
            if (count == largestCount) {
                return false;
            }
            count++;
            slots[at] = high;
            slots[at + 1] = low;
        }
        slots[at + 2] = Math.max(slots[at + 2], offset + 1);
        return true;
    }

    /** The latest offset of a key, {@link #ABSENT} when there is none. */
    long get(long high, long low) {
        return slots[find(high, low) + 2] - 1;
    }

    /** Where a key stands or would. */
    private int find(long high, long low) {
        // The unsigned number scaled to the number of slots: its upper bits, without a division.
        int slot = (int) Math.multiplyHigh(low >>> 1, 2L * slotCount);
        while (true) {
            int at = slot * SLOT_LONGS;
            if (slots[at + 2] == 0 || (slots[at] == high && slots[at + 1] == low)) {
                return at;
            }
            slot = slot + 1 == slotCount ? 0 : slot + 1;
        }
    }

    void clear() {
        Arrays.fill(slots, 0);
        count = 0;
    }

    /** Number of keys. */
    int count() {
        return count;
    }

    /** Number of keys that there is room for. */
    int largestCount() {
        return largestCount;
    }
}
