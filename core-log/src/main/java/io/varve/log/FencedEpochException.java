// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

/** The caller appends with an epoch that a later one has replaced: step down. */
public final class FencedEpochException extends LogException {

    private static final long serialVersionUID = 1L;

    private final int epoch;
    private final int currentEpoch;

    /**
     * Says which epochs.
     *
     * @param epoch the epoch that was refused
     * @param currentEpoch the latest epoch that has appended
     */
    public FencedEpochException(int epoch, int currentEpoch) {
        super("fenced: epoch=" + epoch + ", currentEpoch=" + currentEpoch);
        this.epoch = epoch;
        this.currentEpoch = currentEpoch;
    }

    /** {@return the caller's epoch} */
    public int epoch() {
        return epoch;
    }

    /** {@return the latest epoch of the log} */
    public int currentEpoch() {
        return currentEpoch;
    }
}
