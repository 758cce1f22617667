// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.util.Arrays;
import net.openhft.chronicle.queue.RollCycle;

/** Where the excerpt of a batch is, when all batches have equally many records: the first offset and excerpt of every cycle. */
final class ChronicleIndex {

    private final RollCycle rollCycle;
    private long[] firstOffsets = new long[16];
    private long[] firstExcerpts = new long[16];
    private int cycles;
    private int lastCycle = -1;
    private long batchRecords = 1;

    ChronicleIndex(RollCycle rollCycle) {
        this.rollCycle = rollCycle;
    }

    void appended(long baseOffset, long excerpt) {
        int cycle = rollCycle.toCycle(excerpt);
        if (cycle != lastCycle) {
            if (cycles == firstOffsets.length) {
                firstOffsets = Arrays.copyOf(firstOffsets, 2 * cycles);
                firstExcerpts = Arrays.copyOf(firstExcerpts, 2 * cycles);
            }
            firstOffsets[cycles] = baseOffset;
            firstExcerpts[cycles] = excerpt;
            lastCycle = cycle;
            cycles++;
        } else if (excerpt == firstExcerpts[cycles - 1] + 1) {
            batchRecords = baseOffset - firstOffsets[cycles - 1];
        }
    }

    /** The excerpt of the batch that holds an offset. */
    long excerpt(long offset) {
        int at = Arrays.binarySearch(firstOffsets, 0, cycles, offset);
        int cycle = at < 0 ? -at - 2 : at;
        return firstExcerpts[cycle] + (offset - firstOffsets[cycle]) / batchRecords;
    }
}
