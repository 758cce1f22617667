// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.storage.Storage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The files of a log by one look at its directory.
 *
 * <p>There are four files to a segment, and opening a log comes by here in a process that has compiled nothing yet: so the many are
 * told by their length and ending, and only the few others are looked at closely.
 *
 * <p>Threading: immutable.
 */
final class Listing {

    private final long[] baseOffsets;
    private final List<String> others = new ArrayList<>();

    private Listing(List<String> names) {
        long[] found = new long[names.size()];
        int count = 0;
        for (String name : names) {
            long baseOffset = LogFiles.baseOffsetOfLog(name);
            if (baseOffset >= 0) {
                found[count++] = baseOffset;
            } else if (!LogFiles.endsLikeIndex(name)) {
                others.add(name);
            }
        }
        baseOffsets = Arrays.copyOf(found, count);
        Arrays.sort(baseOffsets);
    }

    static Listing of(Storage storage) {
        return new Listing(storage.names());
    }

    /** Base offsets of the segments, ascending. */
    long[] baseOffsets() {
        return baseOffsets;
    }

    /** Names of all files that are neither log file nor index of a segment. */
    List<String> others() {
        return others;
    }
}
