// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.coordination.quorum.PeerMessage.Header;
import io.varve.replication.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/** One message of every type. */
final class PeerMessages {

    private static final Header HEADER = new Header(new UUID(1, 2), 7, new MemberId(3, new UUID(4, 5)));
    private static final Voter VOTER = new Voter(new MemberId(2, new UUID(6, 7)), List.of("host:1", "other:2"));
    private static final OffsetAndEpoch END = new OffsetAndEpoch(40, 6);

    private PeerMessages() {}

    static ByteBuffer bytes(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length);
        for (int value : values) {
            bytes.put((byte) value);
        }
        return bytes.flip();
    }

    static List<PeerMessage> all() {
        QuorumEntry data = new QuorumEntry(6, QuorumEntry.Kind.DATA, bytes(1, 2, 3));
        QuorumEntry start = new QuorumEntry(7, QuorumEntry.Kind.EPOCH_START, bytes());
        return List.of(
                new PeerMessage.Vote(HEADER, true, END),
                new PeerMessage.VoteReply(HEADER, false, true, null),
                new PeerMessage.VoteReply(HEADER, true, false, VOTER),
                new PeerMessage.BeginEpoch(HEADER, VOTER),
                new PeerMessage.EndEpoch(HEADER, List.of(2, 1)),
                new PeerMessage.FindLeader(HEADER),
                new PeerMessage.LeaderHint(HEADER, VOTER),
                new PeerMessage.Fetch(HEADER, 9, END, 39, 38, 4, -1),
                new PeerMessage.FetchReply(HEADER, 9, 40, 5, null, null, List.of(data, start)),
                new PeerMessage.FetchReply(HEADER, 9, 0, 5, END, null, List.of()),
                new PeerMessage.FetchReply(HEADER, 9, 0, 5, null, END, List.of()),
                new PeerMessage.FetchSnapshot(HEADER, END, 100, 65536),
                new PeerMessage.FetchSnapshotReply(HEADER, END, 100, 200, bytes(9, 8)),
                new PeerMessage.ReadIndex(HEADER, -11),
                new PeerMessage.ReadIndexReply(HEADER, -11, -1),
                new PeerMessage.Forward(HEADER, List.of(bytes(5), bytes())),
                new PeerMessage.AddMember(HEADER, VOTER),
                new PeerMessage.RemoveMember(HEADER, VOTER.member()),
                new PeerMessage.ChangeReply(HEADER, VOTER.member(), ChangeStatus.BUSY));
    }
}
