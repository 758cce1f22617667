// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication;

/**
 * How far a log reaches: the offset behind its last record, and the epoch of that record. It names a prefix: two logs that agree on it
 * agree on everything before it (the log matching property). Source: Raft, section 5.3; KIP-101, KIP-320.
 *
 * <p>Ordered as logs are in an election: the later epoch first, then the larger offset. Source: Raft, section 5.4.1.
 *
 * <p>Threading: immutable.
 *
 * @param offset the offset behind the last record, exclusive; 0 for the empty log
 * @param epoch the epoch of the last record; 0 for the empty log, as the first leader's epoch is 1
 */
public record OffsetAndEpoch(long offset, int epoch) implements Comparable<OffsetAndEpoch> {

    /** The position of the empty log. */
    public static final OffsetAndEpoch START = new OffsetAndEpoch(0, 0);

    /**
     * Checks that both can be.
     *
     * @param offset as in the record
     * @param epoch as in the record
     * @throws IllegalArgumentException when one is negative
     */
    public OffsetAndEpoch {
        if (offset < 0 || epoch < 0) {
            throw new IllegalArgumentException("negative: offset=" + offset + ", epoch=" + epoch);
        }
    }

    @Override
    public int compareTo(OffsetAndEpoch other) {
        return epoch != other.epoch ? Integer.compare(epoch, other.epoch) : Long.compare(offset, other.offset);
    }
}
