// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.replication.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What members say to each other. None of them is answered for certain, and each may come late, twice or out of order.
 *
 * <p>Threading: immutable, as long as nobody touches the buffers in it.
 */
public sealed interface PeerMessage {

    /** {@return who speaks, and since when} */
    Header header();

    /**
     * What every message carries, and what is looked at first.
     *
     * @param clusterId the cluster that the sender belongs to, {@link QuorumMembers#NO_CLUSTER} when it does not know
     * @param epoch the sender's epoch
     * @param from the sender
     */
    record Header(UUID clusterId, int epoch, MemberId from) {}

    /**
     * Asks for a vote. Source: Raft, section 5.2; pre-vote: Raft (dissertation), section 9.6, KIP-996.
     *
     * @param header the header; its epoch is the candidate's, which a pre-vote has not raised
     * @param preVote whether it only asks what the answer would be
     * @param end the end of the candidate's log
     */
    record Vote(Header header, boolean preVote, OffsetAndEpoch end) implements PeerMessage {}

    /**
     * Answers {@link Vote}.
     *
     * @param header the header
     * @param preVote as asked
     * @param granted whether the vote is given
     * @param leader who leads in the sender's epoch, null when it does not know
     */
    record VoteReply(Header header, boolean preVote, boolean granted, @Nullable Voter leader) implements PeerMessage {}

    /**
     * A leader makes itself known to a voter that has not fetched from it. Source: KIP-595, BeginQuorumEpoch.
     *
     * @param header the header
     * @param leader the leader
     */
    record BeginEpoch(Header header, Voter leader) implements PeerMessage {}

    /**
     * A leader resigns. Source: KIP-595, EndQuorumEpoch.
     *
     * @param header the header
     * @param successors numbers of the voters that should stand for election, best first
     */
    record EndEpoch(Header header, List<Integer> successors) implements PeerMessage {

        /**
         * Copies the list.
         *
         * @param header as in the record
         * @param successors as in the record
         */
        public EndEpoch {
            successors = List.copyOf(successors);
        }
    }

    /**
     * Asks who leads; answered by {@link LeaderHint}, whatever the epochs of the two are.
     *
     * @param header the header
     */
    record FindLeader(Header header) implements PeerMessage {}

    /**
     * Answers {@link FindLeader}, and what came with an older epoch, or was meant for a leader and came to another member.
     *
     * @param header the header
     * @param leader who leads in the sender's epoch, null when it does not know
     */
    record LeaderHint(Header header, @Nullable Voter leader) implements PeerMessage {}

    /**
     * Asks the leader for entries, and tells it how far the sender has got. The leader answers as soon as it has something new,
     * or after a while. Source: KIP-595, Fetch.
     *
     * @param header the header
     * @param number number of the request, returned with the answer
     * @param end the end of the sender's log: entries from there on are wanted
     * @param flushedOffset first offset that is not durable at the sender
     * @param highWatermark the sender's high watermark
     * @param round the latest {@link FetchReply#round} that the sender has seen in this epoch
     * @param snapshotFrom when the sender has no machine that its log can be applied to: the smallest offset at which a snapshot is
     *     of use; -1 otherwise
     */
    record Fetch(
            Header header,
            int number,
            OffsetAndEpoch end,
            long flushedOffset,
            long highWatermark,
            long round,
            long snapshotFrom)
            implements PeerMessage {}

    /**
     * Answers {@link Fetch}. At most one of {@code diverging} and {@code snapshot} is there, and then there are no entries.
     *
     * @param header the header
     * @param number as asked
     * @param highWatermark the leader's high watermark; 0 when the sender's log may be no prefix of the leader's
     * @param round counts when the leader wants to be sure that it still leads
     * @param diverging the leader's log does not hold the end that was named: the end of its latest epoch that is not later
     * @param snapshot the leader's log begins behind the end that was named: the snapshot to fetch
     * @param entries entries from the end that was named on
     */
    record FetchReply(
            Header header,
            int number,
            long highWatermark,
            long round,
            @Nullable OffsetAndEpoch diverging,
            @Nullable OffsetAndEpoch snapshot,
            List<QuorumEntry> entries)
            implements PeerMessage {

        /**
         * Copies the list.
         *
         * @param header as in the record
         * @param number as in the record
         * @param highWatermark as in the record
         * @param round as in the record
         * @param diverging as in the record
         * @param snapshot as in the record
         * @param entries as in the record
         */
        public FetchReply {
            entries = List.copyOf(entries);
        }
    }

    /**
     * Asks the leader for a part of a snapshot. Source: KIP-630.
     *
     * @param header the header
     * @param snapshot name of the snapshot
     * @param position where the part begins, bytes
     * @param maxBytes length of the part at most
     */
    record FetchSnapshot(Header header, OffsetAndEpoch snapshot, long position, int maxBytes) implements PeerMessage {}

    /**
     * Answers {@link FetchSnapshot}.
     *
     * @param header the header
     * @param snapshot name of the snapshot
     * @param position where the part begins, bytes
     * @param fileBytes length of the whole, -1 when the leader has no such snapshot any more
     * @param bytes the part, from position to limit
     */
    record FetchSnapshotReply(Header header, OffsetAndEpoch snapshot, long position, long fileBytes, ByteBuffer bytes)
            implements PeerMessage {}

    /**
     * Asks the leader what a read must see. Source: Raft (dissertation), section 6.4.
     *
     * @param header the header
     * @param token returned with the answer
     */
    record ReadIndex(Header header, long token) implements PeerMessage {}

    /**
     * Answers {@link ReadIndex}.
     *
     * @param header the header
     * @param token as asked
     * @param offset everything before it must be applied; -1 when the leader could not find out
     */
    record ReadIndexReply(Header header, long token, long offset) implements PeerMessage {}

    /**
     * Commands of a member's clients for the leader to decide.
     *
     * @param header the header
     * @param payloads the commands
     */
    record Forward(Header header, List<ByteBuffer> payloads) implements PeerMessage {

        /**
         * Copies the list.
         *
         * @param header as in the record
         * @param payloads as in the record
         */
        public Forward {
            payloads = List.copyOf(payloads);
        }
    }

    /**
     * Asks the leader to make a member a voter. Source: KIP-853, AddRaftVoter; asked by the member itself as in KIP-1186.
     *
     * @param header the header
     * @param voter the member
     */
    record AddMember(Header header, Voter voter) implements PeerMessage {}

    /**
     * Asks the leader to take a member's vote. Source: KIP-853, RemoveRaftVoter.
     *
     * @param header the header
     * @param member the member
     */
    record RemoveMember(Header header, MemberId member) implements PeerMessage {}

    /**
     * Answers {@link AddMember} and {@link RemoveMember}.
     *
     * @param header the header
     * @param member whom the change is about
     * @param status what became of it
     */
    record ChangeReply(Header header, MemberId member, ChangeStatus status) implements PeerMessage {}
}
