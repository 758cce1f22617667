// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import java.util.List;

/**
 * What opening a log found and did.
 *
 * <p>Threading: immutable.
 *
 * @param wasClean the log had been closed; nothing was read again
 * @param scannedBytes bytes that were read again and checked
 * @param truncatedBytes bytes of a torn tail that were cut off: nothing valid followed them
 * @param rebuiltIndexes indexes that were absent or wrong and were made anew
 * @param damaged stretches that hold no valid batch although valid ones follow; they are kept, and reading them fails
 * @param quarantined files that were put aside, never deleted: segments that are not of this log, and cut-off tails that look like a
 *     batch that was whole once
 */
public record RecoveryReport(
        boolean wasClean,
        long scannedBytes,
        long truncatedBytes,
        int rebuiltIndexes,
        List<Damage> damaged,
        List<String> quarantined) {

    /**
     * Copies the lists.
     *
     * @param wasClean as in the record
     * @param scannedBytes as in the record
     * @param truncatedBytes as in the record
     * @param rebuiltIndexes as in the record
     * @param damaged as in the record
     * @param quarantined as in the record
     */
    public RecoveryReport {
        damaged = List.copyOf(damaged);
        quarantined = List.copyOf(quarantined);
    }

    /**
     * A stretch of a file that holds no valid batch.
     *
     * @param file name of the file
     * @param position where it begins
     * @param endPosition one past its last byte
     * @param reason what is wrong at its beginning
     */
    public record Damage(String file, long position, long endPosition, String reason) {}
}
