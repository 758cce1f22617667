// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.replication.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link QuorumMember} asks its owner to do or tells it, in the order of the list. None of them needs to be finished before the
 * next is begun: what must wait for something durable is held back by the member.
 */
public sealed interface QuorumAction {

    /**
     * Send a message; it may get lost.
     *
     * @param to number of the member
     * @param message the message
     */
    record Send(int to, PeerMessage message) implements QuorumAction {}

    /**
     * Store a vote in the place of the one before, durably; then tell {@link QuorumEvent.VoteStored}.
     *
     * @param vote the vote
     */
    record StoreVote(StoredVote vote) implements QuorumAction {}

    /** Force what is in the log by now; then tell {@link QuorumEvent.Forced}. Not asked for again before that. */
    record ForceLog() implements QuorumAction {}

    /**
     * Entries are committed; the machine applies those of kind {@link QuorumEntry.Kind#DATA} that it has not applied.
     *
     * @param highWatermark first offset that is not committed; not behind the end of the log
     */
    record Committed(long highWatermark) implements QuorumAction {}

    /**
     * The role, the epoch or the leader is another.
     *
     * @param role the role
     * @param epoch the epoch
     * @param leader the leader of the epoch, null when it is not known
     */
    record RoleChanged(Role role, int epoch, @Nullable Voter leader) implements QuorumAction {}

    /**
     * The voters are others, or others again: a set holds as soon as it is in the log, and may be taken back.
     *
     * @param members the voters
     */
    record MembersChanged(QuorumMembers members) implements QuorumAction {}

    /**
     * A proposal stands in the leader's log. It is committed when the high watermark is behind it while the member leads in this epoch.
     *
     * @param baseOffset offset of the first payload; the others follow
     * @param epoch the epoch
     */
    record Proposed(long baseOffset, int epoch) implements QuorumAction {}

    /**
     * A proposal or forwarded commands went nowhere.
     *
     * @param reason why
     * @param leader who leads, null when that is not known
     */
    record ProposalRefused(Refusal reason, @Nullable Voter leader) implements QuorumAction {}

    /** Why a proposal was refused. */
    enum Refusal {
        /** Another member leads, or none. */
        NOT_LEADER,
        /** The quorum of a static configuration is not founded yet; it will be as soon as a majority has been heard. */
        NOT_FOUNDED,
        /** Too much waits to be committed: try again later. */
        BACK_PRESSURED
    }

    /**
     * Commands that another member has forwarded to this one, which leads.
     *
     * @param from the member
     * @param payloads the commands
     */
    record Forwarded(MemberId from, List<ByteBuffer> payloads) implements QuorumAction {}

    /**
     * A read may be served by the own machine as soon as it has applied everything before an offset.
     *
     * @param token as in {@link QuorumEvent.Read}
     * @param offset the offset, exclusive
     */
    record ReadReady(long token, long offset) implements QuorumAction {}

    /**
     * It could not be found out what a read must see; it may be tried again.
     *
     * @param token as in {@link QuorumEvent.Read}
     */
    record ReadFailed(long token) implements QuorumAction {}

    /**
     * The latest snapshot is too old for another member, or was damaged when it arrived there: take one as soon as possible. If nothing was
     * applied since the latest, that is written again. May be told many times.
     */
    record SnapshotWanted() implements QuorumAction {}

    /**
     * A snapshot has been received to its last byte. Check it, make it durable, load the machine from it and tell
     * {@link QuorumEvent.SnapshotInstalled}; or throw it away and tell {@link QuorumEvent.SnapshotRejected}.
     *
     * @param end its name
     */
    record InstallSnapshot(OffsetAndEpoch end) implements QuorumAction {}

    /**
     * What became of a change of the membership.
     *
     * @param member whom it is about
     * @param status what became of it
     */
    record ChangeAnswered(MemberId member, ChangeStatus status) implements QuorumAction {}
}
