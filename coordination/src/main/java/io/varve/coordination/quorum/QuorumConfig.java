// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

/**
 * Who a member is and how it behaves.
 *
 * <p>Threading: immutable.
 *
 * @param self the member, and where others reach it
 * @param bootstrap the voters as long as neither log nor snapshot names any: those of the static configuration, or those to ask for
 *     the leader
 * @param joins whether it asks to become a voter when it has caught up and never was one: true for a voter of a static configuration
 *     and for one that joins by itself, false for an observer. A voter that was removed does not ask again; it should be taken
 *     out of its configuration before it is started anew
 * @param electionTimeoutNs how long the leader may be silent, nanoseconds; a member stands for election after one to two of these.
 *     Larger on a slow network, smaller for faster failover
 * @param limits how much is sent and kept at a time
 */
public record QuorumConfig(Voter self, QuorumMembers bootstrap, boolean joins, long electionTimeoutNs, Limits limits) {

    /** Silence after which a leader is given up, nanoseconds, unless configured otherwise. */
    public static final long DEFAULT_ELECTION_TIMEOUT_NS = 1_000_000_000L;

    /**
     * Checks the timeout.
     *
     * @param self as in the record
     * @param bootstrap as in the record
     * @param joins as in the record
     * @param electionTimeoutNs as in the record
     * @param limits as in the record
     * @throws IllegalArgumentException when the timeout is less than 8 ns or the member's directory is not known
     */
    public QuorumConfig {
        if (electionTimeoutNs < 8) {
            throw new IllegalArgumentException("out of range: electionTimeoutNs=" + electionTimeoutNs + ", smallest=8");
        }
        if (!self.isBound()) {
            throw new IllegalArgumentException("a member needs a directory: member=" + self.member());
        }
    }

    /**
     * How much is sent and kept at a time.
     *
     * @param entryBytes payload of one entry, bytes; a larger proposal is an error of the proposer
     * @param fetchBytes payloads in the answer to one fetch, bytes; one entry may be larger
     * @param chunkBytes part of a snapshot in one message, bytes
     * @param uncommittedBytes payloads that a leader has appended and not committed, bytes; it refuses proposals beyond
     * @param reads reads that wait for their index at a member
     */
    public record Limits(int entryBytes, int fetchBytes, int chunkBytes, long uncommittedBytes, int reads) {

        /** 8 MiB an entry, 1 MiB a fetch, 256 KiB a chunk, 64 MiB uncommitted, 16384 reads. */
        public static final Limits DEFAULT = new Limits(8 << 20, 1 << 20, 256 << 10, 64L << 20, 1 << 14);
    }

    /** How long a fetch waits at the leader for something new; what keeps both sides sure of each other. */
    long pollNs() {
        return electionTimeoutNs / 4;
    }

    /** After how long without an answer a request is sent again. */
    long resendNs() {
        return electionTimeoutNs / 2;
    }
}
