// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

/**
 * What {@link LogVerifier} went through.
 *
 * <p>Threading: immutable.
 *
 * @param segments number of segments
 * @param batches number of valid batches
 * @param records number of records in them
 * @param sizeBytes length of all log files
 * @param startOffset first offset that can be read
 * @param endOffset one past the last offset found, exclusive
 * @param damage number of findings that are damage
 * @param notes number of findings that are notes
 */
public record Verification(
        int segments,
        long batches,
        long records,
        long sizeBytes,
        long startOffset,
        long endOffset,
        long damage,
        long notes) {

    /** {@return whether no damage was found} */
    public boolean isSound() {
        return damage == 0;
    }
}
