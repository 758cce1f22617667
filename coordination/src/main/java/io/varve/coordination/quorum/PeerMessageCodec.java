// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.coordination.quorum.PeerMessage.AddMember;
import io.varve.coordination.quorum.PeerMessage.BeginEpoch;
import io.varve.coordination.quorum.PeerMessage.ChangeReply;
import io.varve.coordination.quorum.PeerMessage.EndEpoch;
import io.varve.coordination.quorum.PeerMessage.Fetch;
import io.varve.coordination.quorum.PeerMessage.FetchReply;
import io.varve.coordination.quorum.PeerMessage.FetchSnapshot;
import io.varve.coordination.quorum.PeerMessage.FetchSnapshotReply;
import io.varve.coordination.quorum.PeerMessage.FindLeader;
import io.varve.coordination.quorum.PeerMessage.Forward;
import io.varve.coordination.quorum.PeerMessage.Header;
import io.varve.coordination.quorum.PeerMessage.LeaderHint;
import io.varve.coordination.quorum.PeerMessage.ReadIndex;
import io.varve.coordination.quorum.PeerMessage.ReadIndexReply;
import io.varve.coordination.quorum.PeerMessage.RemoveMember;
import io.varve.coordination.quorum.PeerMessage.Vote;
import io.varve.coordination.quorum.PeerMessage.VoteReply;
import java.nio.ByteBuffer;

/**
 * The bytes of {@link PeerMessage}s and of the voters in an entry; the page quorum-protocol of the format documents gives the grammar.
 * Numbers are big-endian, a list is a count of four bytes and its elements, bytes are a length of four bytes and themselves, what may be
 * absent is a byte, 0 or 1, and then itself.
 *
 * <pre>
 *   0        1        2                 18        22        26                  42
 *   +--------+--------+-----------------+---------+---------+-------------------+----
 *   | version|  type  |   cluster id    |  epoch  | from id | from directory    | body
 *   +--------+--------+-----------------+---------+---------+-------------------+----
 * </pre>
 *
 * <p>Threading: stateless.
 */
public final class PeerMessageCodec {

    /** The version that is written, and the only one that is read. */
    public static final int VERSION = 1;

    private static final int VOTE = 1;
    private static final int VOTE_REPLY = 2;
    private static final int BEGIN_EPOCH = 3;
    private static final int END_EPOCH = 4;
    private static final int FIND_LEADER = 5;
    private static final int LEADER_HINT = 6;
    private static final int FETCH = 7;
    private static final int FETCH_REPLY = 8;
    private static final int FETCH_SNAPSHOT = 9;
    private static final int FETCH_SNAPSHOT_REPLY = 10;
    private static final int READ_INDEX = 11;
    private static final int READ_INDEX_REPLY = 12;
    private static final int FORWARD = 13;
    private static final int ADD_MEMBER = 14;
    private static final int REMOVE_MEMBER = 15;
    private static final int CHANGE_REPLY = 16;

    private PeerMessageCodec() {}

    /**
     * The bytes of a message.
     *
     * @param message the message; its buffers are not moved
     * @return the bytes, from position to limit, in a buffer of their own
     */
    public static ByteBuffer encode(PeerMessage message) {
        WireOutput out = new WireOutput();
        out.int8(VERSION);
        out.int8(type(message));
        out.uuid(message.header().clusterId());
        out.int32(message.header().epoch());
        out.member(message.header().from());
        if (!encodeElection(message, out) && !encodeReplication(message, out)) {
            encodeService(message, out);
        }
        return out.written();
    }

    private static int type(PeerMessage message) {
        if (message instanceof Fetch) {
            return FETCH;
        } else if (message instanceof FetchReply) {
            return FETCH_REPLY;
        } else if (message instanceof Vote) {
            return VOTE;
        } else if (message instanceof VoteReply) {
            return VOTE_REPLY;
        } else if (message instanceof BeginEpoch) {
            return BEGIN_EPOCH;
        } else if (message instanceof EndEpoch) {
            return END_EPOCH;
        } else if (message instanceof FindLeader) {
            return FIND_LEADER;
        } else if (message instanceof LeaderHint) {
            return LEADER_HINT;
        } else if (message instanceof FetchSnapshot) {
            return FETCH_SNAPSHOT;
        } else if (message instanceof FetchSnapshotReply) {
            return FETCH_SNAPSHOT_REPLY;
        } else if (message instanceof ReadIndex) {
            return READ_INDEX;
        } else if (message instanceof ReadIndexReply) {
            return READ_INDEX_REPLY;
        } else if (message instanceof Forward) {
            return FORWARD;
        } else if (message instanceof AddMember) {
            return ADD_MEMBER;
        } else if (message instanceof RemoveMember) {
            return REMOVE_MEMBER;
        }
        return CHANGE_REPLY;
    }

    private static boolean encodeElection(PeerMessage message, WireOutput out) {
        if (message instanceof Vote vote) {
            out.flag(vote.preVote());
            out.position(vote.end());
        } else if (message instanceof VoteReply reply) {
            out.flag(reply.preVote());
            out.flag(reply.granted());
            out.voterOrNone(reply.leader());
        } else if (message instanceof BeginEpoch begin) {
            out.voter(begin.leader());
        } else if (message instanceof EndEpoch end) {
            out.int32(end.successors().size());
            end.successors().forEach(out::int32);
        } else if (message instanceof LeaderHint hint) {
            out.voterOrNone(hint.leader());
        } else {
            return message instanceof FindLeader;
        }
        return true;
    }

    private static boolean encodeReplication(PeerMessage message, WireOutput out) {
        if (message instanceof Fetch fetch) {
            out.int32(fetch.number());
            out.position(fetch.end());
            out.int64(fetch.flushedOffset());
            out.int64(fetch.highWatermark());
            out.int64(fetch.round());
            out.int64(fetch.snapshotFrom());
        } else if (message instanceof FetchReply reply) {
            out.int32(reply.number());
            out.int64(reply.highWatermark());
            out.int64(reply.round());
            out.positionOrNone(reply.diverging());
            out.positionOrNone(reply.snapshot());
            out.int32(reply.entries().size());
            reply.entries().forEach(out::entry);
        } else if (message instanceof FetchSnapshot fetch) {
            out.position(fetch.snapshot());
            out.int64(fetch.position());
            out.int32(fetch.maxBytes());
        } else if (message instanceof FetchSnapshotReply reply) {
            out.position(reply.snapshot());
            out.int64(reply.position());
            out.int64(reply.fileBytes());
            out.bytes(reply.bytes());
        } else {
            return false;
        }
        return true;
    }

    private static void encodeService(PeerMessage message, WireOutput out) {
        if (message instanceof ReadIndex read) {
            out.int64(read.token());
        } else if (message instanceof ReadIndexReply reply) {
            out.int64(reply.token());
            out.int64(reply.offset());
        } else if (message instanceof Forward forward) {
            out.payloads(forward.payloads());
        } else if (message instanceof AddMember add) {
            out.voter(add.voter());
        } else if (message instanceof RemoveMember remove) {
            out.member(remove.member());
        } else if (message instanceof ChangeReply reply) {
            out.member(reply.member());
            out.int8(reply.status().code());
        }
    }

    /**
     * The message of bytes.
     *
     * @param bytes the bytes, from position to limit; the position is moved. What the message holds is a copy
     * @return the message
     * @throws PeerMessageException when the bytes are not a message of this version
     */
    public static PeerMessage decode(ByteBuffer bytes) {
        WireInput in = new WireInput(bytes);
        int version = in.int8();
        if (version != VERSION) {
            throw new PeerMessageException("unknown version: version=" + version + ", known=" + VERSION);
        }
        int type = in.int8();
        Header header = new Header(in.uuid(), in.count32(), in.member());
        PeerMessage message = type <= LEADER_HINT
                ? decodeElection(type, header, in)
                : type <= FETCH_SNAPSHOT_REPLY ? decodeReplication(type, header, in) : decodeService(type, header, in);
        in.end();
        return message;
    }

    private static PeerMessage decodeElection(int type, Header header, WireInput in) {
        return switch (type) {
            case VOTE -> new Vote(header, in.flag(), in.position());
            case VOTE_REPLY -> new VoteReply(header, in.flag(), in.flag(), in.voterOrNone());
            case BEGIN_EPOCH -> new BeginEpoch(header, in.voter());
            case END_EPOCH -> new EndEpoch(header, in.list(in::count32));
            case FIND_LEADER -> new FindLeader(header);
            case LEADER_HINT -> new LeaderHint(header, in.voterOrNone());
            default -> throw unknown(type);
        };
    }

    private static PeerMessage decodeReplication(int type, Header header, WireInput in) {
        return switch (type) {
            case FETCH ->
                new Fetch(
                        header,
                        in.int32(),
                        in.position(),
                        in.int64From(0),
                        in.int64From(0),
                        in.int64From(0),
                        in.int64From(-1));
            case FETCH_REPLY ->
                new FetchReply(
                        header,
                        in.int32(),
                        in.int64From(0),
                        in.int64From(0),
                        in.positionOrNone(),
                        in.positionOrNone(),
                        in.list(in::entry));
            case FETCH_SNAPSHOT -> new FetchSnapshot(header, in.position(), in.int64From(0), in.count32());
            case FETCH_SNAPSHOT_REPLY ->
                new FetchSnapshotReply(header, in.position(), in.int64From(0), in.int64From(-1), in.bytes());
            default -> throw unknown(type);
        };
    }

    private static PeerMessage decodeService(int type, Header header, WireInput in) {
        return switch (type) {
            case READ_INDEX -> new ReadIndex(header, in.int64());
            case READ_INDEX_REPLY -> new ReadIndexReply(header, in.int64(), in.int64From(-1));
            case FORWARD -> new Forward(header, in.list(in::bytes));
            case ADD_MEMBER -> new AddMember(header, in.voter());
            case REMOVE_MEMBER -> new RemoveMember(header, in.member());
            case CHANGE_REPLY -> new ChangeReply(header, in.member(), status(in.int8()));
            default -> throw unknown(type);
        };
    }

    private static ChangeStatus status(int code) {
        try {
            return ChangeStatus.of(code);
        } catch (IllegalArgumentException e) {
            throw new PeerMessageException(String.valueOf(e.getMessage()));
        }
    }

    private static PeerMessageException unknown(int type) {
        return new PeerMessageException("unknown type of message: type=" + type);
    }

    /**
     * The bytes of voters, as an entry and a snapshot carry them.
     *
     * @param members the voters
     * @return the bytes, from position to limit
     */
    public static ByteBuffer encodeMembers(QuorumMembers members) {
        WireOutput out = new WireOutput();
        out.members(members);
        return out.written();
    }

    /**
     * The voters of bytes.
     *
     * @param bytes the bytes, from position to limit; the position is not moved
     * @return the voters
     * @throws PeerMessageException when the bytes are not voters
     */
    public static QuorumMembers decodeMembers(ByteBuffer bytes) {
        WireInput in = new WireInput(bytes.duplicate());
        QuorumMembers members = in.members();
        in.end();
        return members;
    }
}
