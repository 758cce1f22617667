// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

/** What a {@link PartitionReplica} asks its owner to do or tells it, in the order of the list. */
public sealed interface PartitionAction {

    /** Why a producer's batches are not appended or not known to be committed. */
    enum Refusal {
        /** The replica does not lead, or does no longer; look for the leader. */
        NOT_LEADER,
        /** Fewer replicas are in sync than {@code min.insync.replicas}. */
        NOT_ENOUGH_REPLICAS,
        /** It was not committed in time. */
        TIMED_OUT
    }

    /**
     * Batches are appended. A producer that does not want to wait for more may be told.
     *
     * @param token that of the event
     * @param baseOffset offset of the first record
     * @param endOffset the offset behind the last record
     */
    record Appended(long token, long baseOffset, long endOffset) implements PartitionAction {}

    /**
     * Nothing was appended.
     *
     * @param token that of the event
     * @param refusal why
     */
    record AppendRefused(long token, Refusal refusal) implements PartitionAction {}

    /**
     * What somebody waited for is committed.
     *
     * @param token that of the event
     */
    record Committed(long token) implements PartitionAction {}

    /**
     * It is not known whether what somebody waited for will be committed; it may.
     *
     * @param token that of the event
     * @param refusal why
     */
    record CommitFailed(long token, Refusal refusal) implements PartitionAction {}

    /**
     * Send a fetch to the leader; it may get lost. Its answer comes as {@link PartitionEvent.FetchAnswered}.
     *
     * @param leader id of the leader
     * @param fetch the fetch
     */
    record Fetch(int leader, ReplicaFetch fetch) implements PartitionAction {}

    /**
     * Answer a fetch with the records from its offset up to {@link FetchAnswer#endOffset}, as many as fit. When there are none the owner
     * may wait until the end of the log or the high watermark have moved, and hand the fetch in again.
     *
     * @param fetch the fetch
     * @param answer the answer
     */
    record AnswerFetch(ReplicaFetch fetch, FetchAnswer answer) implements PartitionAction {}

    /** Force what is in the log by now; then tell {@link PartitionEvent.Forced}. Not asked for again before that. */
    record ForceLog() implements PartitionAction {}

    /**
     * Send a proposal to the controller; it may get lost, and it may arrive twice.
     *
     * @param proposal the proposal
     */
    record ProposeIsr(IsrProposal proposal) implements PartitionAction {}

    /**
     * More is committed.
     *
     * @param highWatermark first offset that is not known to be committed
     */
    record HighWatermarkAdvanced(long highWatermark) implements PartitionAction {}

    /**
     * The role or the epoch is another.
     *
     * @param role the role
     * @param leaderEpoch the epoch of the leader, also when it is another
     */
    record RoleChanged(ReplicaRole role, int leaderEpoch) implements PartitionAction {}

    /**
     * The log differed from the leader's and was cut, or lay outside of it and was dropped.
     *
     * @param oldEndOffset the end of the log before
     * @param newEndOffset the end of the log now
     * @param lostOffset first offset that was known here to be committed and is gone, which happens only when a leader was elected that
     *     was not known to hold it, and must be reported loudly; {@link #NOTHING} when all that was known to be committed is there
     */
    record Truncated(long oldEndOffset, long newEndOffset, long lostOffset) implements PartitionAction {

        /** Nothing that was committed is lost. */
        public static final long NOTHING = -1;
    }
}
