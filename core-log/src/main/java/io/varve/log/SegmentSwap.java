// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.storage.Storage;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Replaces the files of neighbouring segments by those of the one that compaction made of them, so that a crash leaves either.
 *
 * <pre>
 *   1. BASE.log.cleaned and BASE.vidx.cleaned are complete and durable; a crash deletes them
 *   2. BASE.log.cleaned becomes BASE-END.swap: from here on the new segment counts
 *   3. the files of all segments with base offsets from BASE to END, exclusive, are deleted, but BASE.log
 *   4. BASE.vidx.cleaned becomes BASE.vidx, then BASE-END.swap becomes BASE.log
 * </pre>
 *
 * <p>Opening a log that holds a swap file does steps 3 and 4 again; they do nothing that was done.
 */
final class SegmentSwap {

    private static final Pattern SWAP = Pattern.compile("(\\d{20})-(\\d{20})\\.swap");

    private SegmentSwap() {}

    /**
     * Does all steps.
     *
     * @param endOffset base offset of the segment behind those that are replaced
     */
    static void replace(Storage storage, long baseOffset, long endOffset) {
        storage.force();
        String swap = LogFiles.segment(baseOffset, "-") + LogFiles.segment(endOffset, LogFiles.SWAP);
        storage.rename(LogFiles.segment(baseOffset, LogFiles.LOG + LogFiles.CLEANED), swap);
        storage.force();
        finish(storage, swap, baseOffset, endOffset);
    }

    /** Whether a file is a segment that takes the place of others. */
    static boolean isSwap(String name) {
        return name.endsWith(LogFiles.SWAP) && SWAP.matcher(name).matches();
    }

    /** Finishes what a crash has interrupted; whether there was something. */
    static boolean recover(Storage storage, List<String> names) {
        boolean found = false;
        for (String name : names) {
            if (isSwap(name)) {
                Matcher swap = SWAP.matcher(name);
                found |= swap.matches();
                finish(storage, name, Long.parseLong(swap.group(1)), Long.parseLong(swap.group(2)));
            }
        }
        return found;
    }

    private static void finish(Storage storage, String swap, long baseOffset, long endOffset) {
        String index = LogFiles.segment(baseOffset, LogFiles.SPARSE_INDEX);
        // Without it, the index that is there is the new one already.
        boolean hasCleanedIndex = storage.exists(index + LogFiles.CLEANED);
        for (String name : storage.names()) {
            if (LogFiles.isOfSegment(name)
                    && LogFiles.baseOffset(name) >= baseOffset
                    && LogFiles.baseOffset(name) < endOffset
                    && !name.equals(LogFiles.segment(baseOffset, LogFiles.LOG))
                    && (hasCleanedIndex || !name.equals(index))) {
                storage.delete(name);
            }
        }
        // The old index must not be found beside the new segment.
        storage.force();
        if (hasCleanedIndex) {
            storage.rename(index + LogFiles.CLEANED, index);
        }
        storage.rename(swap, LogFiles.segment(baseOffset, LogFiles.LOG));
        storage.force();
    }
}
