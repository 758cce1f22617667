// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import java.util.Arrays;

/**
 * Numbers by their index; those that were not set are {@link #NONE}.
 *
 * <p>Threading: confined to one thread, or guarded by its owner.
 */
final class LongList {

    static final long NONE = Long.MIN_VALUE;

    private long[] values = new long[0];
    private int size;

    /** One more than the largest index that was set. */
    int size() {
        return size;
    }

    long get(long index) {
        return index < size ? values[(int) index] : NONE;
    }

    void set(long index, long value) {
        int needed = Math.toIntExact(index + 1);
        if (needed > values.length) {
            int old = values.length;
            values = Arrays.copyOf(values, Math.max(needed, old * 2));
            Arrays.fill(values, old, values.length, NONE);
        }
        values[(int) index] = value;
        size = Math.max(size, needed);
    }
}
