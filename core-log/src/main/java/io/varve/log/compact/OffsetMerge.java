// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

import java.util.List;

/**
 * Several files of increasing offsets as one; they have none in common.
 *
 * <p>Threading: confined to one thread.
 */
final class OffsetMerge {

    private final List<SpillFile> files;
    private final long[] heads;

    OffsetMerge(List<SpillFile> files) {
        this.files = files;
        this.heads = new long[files.size()];
        for (int i = 0; i < heads.length; i++) {
            advance(i);
        }
    }

    private void advance(int file) {
        heads[file] = files.get(file).hasNext() ? files.get(file).next() : Long.MAX_VALUE;
    }

    /** The smallest offset that is left, {@link Long#MAX_VALUE} when there is none. */
    long peek() {
        return heads.length == 0 ? Long.MAX_VALUE : heads[smallest()];
    }

    /** Passes over the smallest offset. */
    void pop() {
        advance(smallest());
    }

    private int smallest() {
        int smallest = 0;
        for (int i = 1; i < heads.length; i++) {
            if (heads[i] < heads[smallest]) {
                smallest = i;
            }
        }
        return smallest;
    }
}
