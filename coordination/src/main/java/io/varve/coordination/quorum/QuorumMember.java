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
import io.varve.replication.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One member of a quorum: events in, actions out. Equal events at equal times give equal actions.
 *
 * <p>The owner hands in every message, the end of every force and, at {@link #nextDeadlineNs} at the latest, a tick; carries out the actions;
 * applies committed entries to its machine; and takes snapshots of that whenever it likes. It must have restored its machine from
 * {@link QuorumSnapshots#latest} before the member is made.
 *
 * <p>Followers pull: a fetch tells the leader how far the follower's log is durable, and waits for more. An entry is committed when
 * it is durable at a majority of the voters. The protocol is of KRaft's family (KIP-595 fetches and elections, KIP-630 snapshots, KIP-853
 * changes of the voters, KIP-996 pre-vote), with the checks of Raft's dissertation: a leader that does not hear from a majority within an
 * election timeout steps down, and nobody who hears from a leader helps to elect another.
 *
 * <p>What may not happen under any fault is checked here, and a member that finds it throws {@link IllegalStateException}: its owner
 * stops it for good.
 *
 * <p>Threading: confined to the owner's thread.
 */
public final class QuorumMember {

    private final MemberState state;
    private final Roles roles;

    private QuorumAction.@Nullable RoleChanged told;

    /**
     * A member as it was left: unattached, in the latest epoch that it knows.
     *
     * @param config who it is
     * @param ports its log, its snapshots and its randomness
     * @param stored the vote that was stored last
     * @param nowNs the time, nanoseconds of a clock that begins at 0 or more and never goes back
     */
    public QuorumMember(QuorumConfig config, QuorumPorts ports, StoredVote stored, long nowNs) {
        this(config, ports, stored, nowNs, Leadership::new);
    }

    /** A member that leads in a way of its own: what the simulation must find is put in here. */
    QuorumMember(
            QuorumConfig config,
            QuorumPorts ports,
            StoredVote stored,
            long nowNs,
            Function<MemberState, Leadership> leading) {
        this.state = new MemberState(config, ports, stored);
        state.begin(nowNs);
        this.roles = new Roles(state, leading);
    }

    /**
     * Takes an event and returns what follows from it.
     *
     * @param event what has happened
     * @param nowNs when; not before the time of an earlier step
     * @return what is to be done, in order; the list is the caller's
     * @throws IllegalStateException when a promise of the protocol was broken; the member is of no use any more
     */
    public List<QuorumAction> step(QuorumEvent event, long nowNs) {
        state.begin(nowNs);
        if (event instanceof QuorumEvent.Received received) {
            received(received.message());
        } else if (event instanceof QuorumEvent.Tick) {
            roles.tick();
        } else if (event instanceof QuorumEvent.Forced) {
            onForced();
        } else if (event instanceof QuorumEvent.VoteStored stored) {
            roles.voteStored(stored.vote());
        } else if (event instanceof QuorumEvent.Unreachable unreachable) {
            onUnreachable(unreachable.member());
        } else if (!stepOfClient(event)) {
            stepOfSnapshots(event);
        }
        settle();
        return state.out.take();
    }

    private void onUnreachable(int member) {
        Following followed = roles.following();
        if (followed != null && followed.leader().id() == member) {
            followed.suspect();
        }
    }

    private void onForced() {
        Following followed = roles.following();
        state.forced();
        if (followed != null) {
            followed.onForced();
        }
    }

    private void onSnapshot() {
        Following followed = roles.following();
        if (followed != null) {
            followed.onSnapshot();
        }
    }

    private boolean stepOfClient(QuorumEvent event) {
        Leadership leading = roles.leadership();
        if (event instanceof QuorumEvent.Propose propose) {
            requireSmall(propose.payloads());
            if (leading != null) {
                leading.propose(propose.payloads());
            } else {
                refuse();
            }
        } else if (event instanceof QuorumEvent.Forward forward) {
            forward(forward.payloads());
        } else if (event instanceof QuorumEvent.Read read) {
            read(read.token());
        } else if (event instanceof QuorumEvent.AddMember add) {
            change(add.voter().member(), () -> new AddMember(state.header(), add.voter()));
        } else if (event instanceof QuorumEvent.RemoveMember remove) {
            change(remove.member(), () -> new RemoveMember(state.header(), remove.member()));
        } else if (event instanceof QuorumEvent.Resign) {
            if (leading != null) {
                roles.resign(leading);
            }
        } else {
            return false;
        }
        return true;
    }

    private void stepOfSnapshots(QuorumEvent event) {
        if (event instanceof QuorumEvent.SnapshotTaken) {
            QuorumSnapshot latest = state.snapshots.latest();
            if (latest != null) {
                state.log.deleteBefore(state.snapshots.oldestOffset(), latest);
            }
        } else if (event instanceof QuorumEvent.SnapshotInstalled installed) {
            state.installed(installed.snapshot());
            onSnapshot();
        } else if (event instanceof QuorumEvent.SnapshotRejected rejected) {
            state.rejected(rejected.end());
            onSnapshot();
        }
    }

    private void requireSmall(List<ByteBuffer> payloads) {
        int largest = state.config.limits().entryBytes();
        for (ByteBuffer payload : payloads) {
            if (payload.remaining() > largest) {
                throw new IllegalArgumentException(
                        "payload too large: bytes=" + payload.remaining() + ", largest=" + largest);
            }
        }
    }

    private void refuse() {
        state.out.add(new QuorumAction.ProposalRefused(QuorumAction.Refusal.NOT_LEADER, roles.leader()));
    }

    private void forward(List<ByteBuffer> payloads) {
        Following followed = roles.following();
        if (followed != null) {
            state.out.send(followed.leader().id(), new Forward(state.header(), payloads));
        } else {
            refuse();
        }
    }

    private void read(long token) {
        Leadership led = roles.leadership();
        Following followed = roles.following();
        if (led != null) {
            led.read(null, token);
        } else if (followed != null) {
            followed.read(token);
        } else {
            state.out.add(new QuorumAction.ReadFailed(token));
        }
    }

    private void change(MemberId member, Supplier<PeerMessage> request) {
        Leadership led = roles.leadership();
        Following followed = roles.following();
        if (led != null) {
            state.out.add(new QuorumAction.ChangeAnswered(member, changed(led, request.get())));
        } else if (followed != null) {
            state.out.send(followed.leader().id(), request.get());
        } else {
            state.out.add(new QuorumAction.ChangeAnswered(member, ChangeStatus.NOT_LEADER));
        }
    }

    private static ChangeStatus changed(Leadership leading, PeerMessage request) {
        return request instanceof AddMember add
                ? leading.changes().add(add.voter())
                : leading.changes().remove(((RemoveMember) request).member());
    }

    /** What every step ends with: conclusions, one force for all that was appended, and what has changed is told. */
    private void settle() {
        Leadership leading = roles.leadership();
        if (leading != null && !leading.settle()) {
            roles.resign(leading);
        }
        state.forceIfNeeded();
        QuorumAction.RoleChanged now = new QuorumAction.RoleChanged(roles.role(), state.epoch(), roles.leader());
        if (!now.equals(told)) {
            told = now;
            state.out.add(now);
        }
    }

    // Messages. Cluster, sender and epoch are looked at first.

    private void received(PeerMessage message) {
        Header header = message.header();
        boolean foreign = !header.clusterId().equals(state.clusterId())
                && !header.clusterId().equals(QuorumMembers.NO_CLUSTER)
                && !state.clusterId().equals(QuorumMembers.NO_CLUSTER);
        if (foreign || header.from().id() == state.self().id()) {
            return;
        }
        if (!header.clusterId().equals(QuorumMembers.NO_CLUSTER)) {
            state.heardOfCluster();
        }
        if (message instanceof FindLeader) {
            send(message, new LeaderHint(state.header(), roles.trustedLeader()));
        } else if (header.epoch() < state.epoch()) {
            answerStale(message);
        } else if (header.epoch() == state.epoch() || adopts(message)) {
            if (!receivedOfElection(message) && !receivedByLeader(message)) {
                receivedByFollower(message);
            }
        }
    }

    /** Tells a member that is behind which epoch it is; it asks, or leads, in vain. */
    private void answerStale(PeerMessage message) {
        if (message instanceof Fetch
                || message instanceof FetchSnapshot
                || message instanceof BeginEpoch
                || message instanceof Vote) {
            send(message, new LeaderHint(state.header(), roles.trustedLeader()));
        } else if (message instanceof ReadIndex read) {
            send(message, new ReadIndexReply(state.header(), read.token(), -1));
        }
    }

    /** Goes to a later epoch, unless that would let somebody disturb a leader that works. */
    private boolean adopts(PeerMessage message) {
        boolean stranger = roles.leadership() != null
                && !state.members().isVoter(message.header().from());
        if (stranger) {
            return false;
        }
        if (message instanceof Vote vote && roles.trustsLeader()) {
            send(message, new VoteReply(state.header(), vote.preVote(), false, roles.trustedLeader()));
            return false;
        }
        roles.goTo(message.header().epoch());
        return true;
    }

    private boolean receivedOfElection(PeerMessage message) {
        if (message instanceof Vote vote) {
            roles.onVote(vote);
        } else if (message instanceof VoteReply reply) {
            roles.onVoteReply(reply);
        } else if (message instanceof BeginEpoch begin) {
            roles.onLeader(begin.leader());
        } else if (message instanceof EndEpoch end) {
            roles.onEndEpoch(end);
        } else if (message instanceof LeaderHint hint) {
            roles.onHint(hint);
        } else {
            return false;
        }
        return true;
    }

    private boolean receivedByLeader(PeerMessage message) {
        Leadership leading = roles.leadership();
        if (message instanceof Fetch fetch) {
            if (leading != null) {
                leading.onFetch(fetch);
            } else {
                send(message, new LeaderHint(state.header(), roles.trustedLeader()));
            }
        } else if (message instanceof FetchSnapshot fetch) {
            if (leading != null) {
                leading.onFetchSnapshot(fetch);
            } else {
                send(message, new LeaderHint(state.header(), roles.trustedLeader()));
            }
        } else if (message instanceof ReadIndex read) {
            if (leading != null) {
                leading.read(message.header().from(), read.token());
            } else {
                send(message, new ReadIndexReply(state.header(), read.token(), -1));
            }
        } else if (message instanceof Forward forward) {
            if (leading != null) {
                state.out.add(new QuorumAction.Forwarded(message.header().from(), forward.payloads()));
            }
        } else if (message instanceof AddMember add) {
            answerChange(message, add.voter().member());
        } else if (message instanceof RemoveMember remove) {
            answerChange(message, remove.member());
        } else {
            return false;
        }
        return true;
    }

    private void answerChange(PeerMessage message, MemberId member) {
        Leadership led = roles.leadership();
        ChangeStatus status = led == null ? ChangeStatus.NOT_LEADER : changed(led, message);
        send(message, new ChangeReply(state.header(), member, status));
    }

    private void receivedByFollower(PeerMessage message) {
        if (message instanceof ChangeReply reply) {
            state.out.add(new QuorumAction.ChangeAnswered(reply.member(), reply.status()));
        }
        Following followed = roles.following();
        if (followed == null || !followed.leadBy(message.header().from())) {
            return;
        }
        if (message instanceof FetchReply reply) {
            followed.onFetchReply(reply);
        } else if (message instanceof FetchSnapshotReply reply) {
            followed.onFetchSnapshotReply(reply);
        } else if (message instanceof ReadIndexReply reply) {
            followed.onReadIndexReply(reply);
        }
    }

    private void send(PeerMessage answered, PeerMessage answer) {
        state.out.send(answered.header().from().id(), answer);
    }

    // What the owner may ask.

    /** {@return when a tick is due at the latest, nanoseconds on the clock of the steps} */
    public long nextDeadlineNs() {
        return roles.nextDeadlineNs();
    }

    /** {@return the role} */
    public Role role() {
        return roles.role();
    }

    /** {@return the epoch} */
    public int epoch() {
        return state.epoch();
    }

    /** {@return who leads in the epoch, null when it is not known} */
    public @Nullable Voter leader() {
        return roles.leader();
    }

    /** {@return whether it is a voter} */
    public boolean isVoter() {
        return state.isVoter();
    }

    /** {@return first offset that it does not know to be committed} */
    public long highWatermark() {
        return state.highWatermark();
    }

    /** {@return on the leader, how many members that do not vote follow it; otherwise 0} */
    public int observers() {
        Leadership leading = roles.leadership();
        return leading == null ? 0 : leading.observers();
    }

    /** {@return on the leader, how many other voters hold everything that is committed; otherwise 0} */
    public int followersInSync() {
        Leadership leading = roles.leadership();
        return leading == null ? 0 : leading.followersInSync(highWatermark());
    }

    /** {@return the voters that hold, committed or not} */
    public QuorumMembers members() {
        return state.members();
    }

    /**
     * What a snapshot of the machine must say of itself.
     *
     * @param offset first offset that the machine has not applied, not above the high watermark and not below the latest snapshot
     * @return name and voters of the snapshot
     * @throws IllegalArgumentException when the offset is out of these bounds
     */
    public QuorumSnapshot snapshotAt(long offset) {
        if (offset > state.highWatermark()) {
            throw new IllegalArgumentException(
                    "not committed: offset=" + offset + ", highWatermark=" + state.highWatermark());
        }
        return new QuorumSnapshot(
                new OffsetAndEpoch(offset, state.log.epochBefore(offset)), state.log.membersAt(offset));
    }
}
