// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.replication.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.List;

/** What happens to a {@link QuorumMember}. */
public sealed interface QuorumEvent {

    /** Time has passed, at least to {@link QuorumMember#nextDeadlineNs}. */
    record Tick() implements QuorumEvent {}

    /**
     * A message has come. It may have come before, late, or in another order than it was sent.
     *
     * @param message the message
     */
    record Received(PeerMessage message) implements QuorumEvent {}

    /**
     * The link to a member has broken: perhaps it has died. Only a hint, which makes a dead leader be replaced before it has been silent for
     * an election timeout; one that lives is not replaced, since the others still hear from it.
     *
     * @param member number of the member
     */
    record Unreachable(int member) implements QuorumEvent {}

    /**
     * Append entries of the machine; answered by {@link QuorumAction.Proposed} or {@link QuorumAction.ProposalRefused}.
     *
     * @param payloads one or more, appended together
     */
    record Propose(List<ByteBuffer> payloads) implements QuorumEvent {

        /**
         * Copies the list.
         *
         * @param payloads as in the record
         * @throws IllegalArgumentException when there is none
         */
        public Propose {
            payloads = List.copyOf(payloads);
            if (payloads.isEmpty()) {
                throw new IllegalArgumentException("a proposal needs at least one payload");
            }
        }
    }

    /**
     * Send commands to the leader. They may get lost, and arrive twice: who waits for an outcome looks for it in the log.
     * Answered by {@link QuorumAction.ProposalRefused} when no other member leads.
     *
     * @param payloads the commands
     */
    record Forward(List<ByteBuffer> payloads) implements QuorumEvent {

        /**
         * Copies the list.
         *
         * @param payloads as in the record
         */
        public Forward {
            payloads = List.copyOf(payloads);
        }
    }

    /** The force that {@link QuorumAction.ForceLog} asked for is done: {@link QuorumLog#flushedOffset} tells how far. */
    record Forced() implements QuorumEvent {}

    /**
     * A vote is durable.
     *
     * @param vote the one that {@link QuorumAction.StoreVote} named
     */
    record VoteStored(StoredVote vote) implements QuorumEvent {}

    /** A snapshot of the own machine is durable: {@link QuorumSnapshots#latest} returns it. */
    record SnapshotTaken() implements QuorumEvent {}

    /**
     * A received snapshot was found to be sound, is durable, and the machine is as it says or has applied more: {@link
     * QuorumSnapshots#latest} returns it.
     *
     * @param snapshot the snapshot
     */
    record SnapshotInstalled(QuorumSnapshot snapshot) implements QuorumEvent {}

    /**
     * A received snapshot is damaged, or older than one that is there, and what was received of it is thrown away.
     *
     * @param end its name
     */
    record SnapshotRejected(OffsetAndEpoch end) implements QuorumEvent {}

    /**
     * Find out up to where the machine must be for a read that sees everything that was acknowledged before; answered by
     * {@link QuorumAction.ReadReady} or {@link QuorumAction.ReadFailed}.
     *
     * @param token returned with the answer
     */
    record Read(long token) implements QuorumEvent {}

    /**
     * Make a member a voter that has been fetching as an observer; answered by {@link QuorumAction.ChangeAnswered}, possibly never.
     *
     * @param voter the member
     */
    record AddMember(Voter voter) implements QuorumEvent {}

    /**
     * Take the vote from a member; answered by {@link QuorumAction.ChangeAnswered}, possibly never.
     *
     * @param member the member
     */
    record RemoveMember(MemberId member) implements QuorumEvent {}

    /** Give up leadership, if it is the leader, before the process ends; another is elected without waiting for a timeout. */
    record Resign() implements QuorumEvent {}
}
