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
    private final Function<MemberState, Leadership> leading;

    private Role role = Role.UNATTACHED;
    private @Nullable Election election;
    private @Nullable Following following;
    private @Nullable Leadership leadership;

    /** When to stand for election, in the roles that know no leader. */
    private long electionNs;
    /** When to ask anybody who leads, in the role that waits. */
    private long lookNs;
    /** Until when others are not believed that the leader of the epoch lives, which was silent here or resigned. */
    private long doubtNs;

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
        this.leading = leading;
        this.state = new MemberState(config, ports, stored);
        state.begin(nowNs);
        waitForLeader();
        if (state.members().voters().size() == 1) {
            electionNs = nowNs;
        }
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
            tick();
        } else if (event instanceof QuorumEvent.Forced) {
            state.forced();
            if (following != null) {
                following.onForced();
            }
        } else if (event instanceof QuorumEvent.VoteStored stored) {
            voteStored(stored.vote());
        } else if (event instanceof QuorumEvent.Unreachable unreachable) {
            if (following != null && following.leader().id() == unreachable.member()) {
                following.suspect();
            }
        } else if (!stepOfClient(event)) {
            stepOfSnapshots(event);
        }
        settle();
        return state.out.take();
    }

    private boolean stepOfClient(QuorumEvent event) {
        Leadership leading = leadership;
        if (event instanceof QuorumEvent.Propose propose) {
            requireSmall(propose.payloads());
            if (leading != null) {
                leading.propose(propose.payloads());
            } else {
                refuse();
            }
        } else if (event instanceof QuorumEvent.Forward forward) {
            if (following != null) {
                state.out.send(following.leader().id(), new Forward(state.header(), forward.payloads()));
            } else {
                refuse();
            }
        } else if (event instanceof QuorumEvent.Read read) {
            read(read.token());
        } else if (event instanceof QuorumEvent.AddMember add) {
            change(add.voter().member(), () -> new AddMember(state.header(), add.voter()));
        } else if (event instanceof QuorumEvent.RemoveMember remove) {
            change(remove.member(), () -> new RemoveMember(state.header(), remove.member()));
        } else if (event instanceof QuorumEvent.Resign) {
            if (leading != null) {
                resign(leading);
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
            if (following != null) {
                following.onSnapshot();
            }
        } else if (event instanceof QuorumEvent.SnapshotRejected rejected) {
            state.rejected(rejected.end());
            if (following != null) {
                following.onSnapshot();
            }
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
        state.out.add(new QuorumAction.ProposalRefused(QuorumAction.Refusal.NOT_LEADER, leader()));
    }

    private void read(long token) {
        if (leadership != null) {
            leadership.read(null, token);
        } else if (following != null) {
            following.read(token);
        } else {
            state.out.add(new QuorumAction.ReadFailed(token));
        }
    }

    private void change(MemberId member, Supplier<PeerMessage> request) {
        if (leadership != null) {
            state.out.add(new QuorumAction.ChangeAnswered(member, changed(leadership, request.get())));
        } else if (following != null) {
            state.out.send(following.leader().id(), request.get());
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
        Leadership leading = leadership;
        if (leading != null && !leading.settle()) {
            resign(leading);
        }
        state.forceIfNeeded();
        QuorumAction.RoleChanged now = new QuorumAction.RoleChanged(role, state.epoch(), leader());
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
            send(message, new LeaderHint(state.header(), trustedLeader()));
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
            send(message, new LeaderHint(state.header(), trustedLeader()));
        } else if (message instanceof ReadIndex read) {
            send(message, new ReadIndexReply(state.header(), read.token(), -1));
        }
    }

    /** Goes to a later epoch, unless that would let somebody disturb a leader that works. */
    private boolean adopts(PeerMessage message) {
        boolean stranger =
                leadership != null && !state.members().isVoter(message.header().from());
        if (stranger) {
            return false;
        }
        if (message instanceof Vote vote && trustsLeader()) {
            send(message, new VoteReply(state.header(), vote.preVote(), false, trustedLeader()));
            return false;
        }
        state.vote(new StoredVote(message.header().epoch(), null));
        becomeUnattached();
        doubtNs = 0;
        return true;
    }

    private boolean trustsLeader() {
        return leadership != null || (following != null && following.trustsLeader());
    }

    /** The leader, as far as others should be told. */
    private @Nullable Voter trustedLeader() {
        return trustsLeader() ? leader() : null;
    }

    private boolean receivedOfElection(PeerMessage message) {
        if (message instanceof Vote vote) {
            onVote(vote);
        } else if (message instanceof VoteReply reply) {
            onVoteReply(reply);
        } else if (message instanceof BeginEpoch begin) {
            onLeader(begin.leader());
        } else if (message instanceof EndEpoch end) {
            onEndEpoch(end);
        } else if (message instanceof LeaderHint hint) {
            onHint(hint);
        } else {
            return false;
        }
        return true;
    }

    private boolean receivedByLeader(PeerMessage message) {
        Leadership leading = leadership;
        if (message instanceof Fetch fetch) {
            if (leading != null) {
                leading.onFetch(fetch);
            } else {
                send(message, new LeaderHint(state.header(), trustedLeader()));
            }
        } else if (message instanceof FetchSnapshot fetch) {
            if (leading != null) {
                leading.onFetchSnapshot(fetch);
            } else {
                send(message, new LeaderHint(state.header(), trustedLeader()));
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
        ChangeStatus status = leadership == null ? ChangeStatus.NOT_LEADER : changed(leadership, message);
        send(message, new ChangeReply(state.header(), member, status));
    }

    private void receivedByFollower(PeerMessage message) {
        if (message instanceof ChangeReply reply) {
            state.out.add(new QuorumAction.ChangeAnswered(reply.member(), reply.status()));
        }
        Following leaders = following;
        if (leaders == null || !leaders.leadBy(message.header().from())) {
            return;
        }
        if (message instanceof FetchReply reply) {
            leaders.onFetchReply(reply);
        } else if (message instanceof FetchSnapshotReply reply) {
            leaders.onFetchSnapshotReply(reply);
        } else if (message instanceof ReadIndexReply reply) {
            leaders.onReadIndexReply(reply);
        }
    }

    private void send(PeerMessage answered, PeerMessage answer) {
        state.out.send(answered.header().from().id(), answer);
    }

    // Elections.

    private void onVote(Vote vote) {
        MemberId from = vote.header().from();
        boolean upToDate = vote.end().compareTo(state.log.end()) >= 0;
        boolean granted;
        if (vote.preVote()) {
            granted = upToDate && !trustsLeader();
        } else {
            MemberId votedFor = state.vote().votedFor();
            granted = upToDate && leader() == null && (votedFor == null || votedFor.equals(from));
            if (granted && votedFor == null) {
                state.vote(new StoredVote(state.epoch(), from));
                becomeUnattached();
            }
        }
        send(vote, new VoteReply(state.header(), vote.preVote(), granted, trustedLeader()));
    }

    private void onVoteReply(VoteReply reply) {
        Election ours = election;
        if (ours == null || reply.preVote() != (role == Role.PROSPECTIVE)) {
            return;
        }
        if (reply.granted()) {
            ours.grant(reply.header().from());
            advanceElection(ours);
        } else if (reply.leader() != null) {
            onHint(reply.leader());
        }
    }

    private void advanceElection(Election ours) {
        if (!ours.isWon(state.members())) {
            return;
        }
        if (role == Role.PROSPECTIVE) {
            becomeCandidate();
        } else {
            become(Role.LEADER);
            leadership = leading.apply(state);
        }
    }

    private void voteStored(StoredVote vote) {
        Election ours = election;
        boolean current = state.out.stored(vote);
        if (current && role == Role.CANDIDATE && ours != null) {
            ours.grant(state.self());
            advanceElection(ours);
        }
    }

    private void onLeader(Voter leader) {
        Voter known = leader();
        if (leader.id() == state.self().id()) {
            return;
        }
        if (known == null) {
            become(Role.FOLLOWER);
            following = new Following(state, leader);
        } else if (!known.member().equals(leader.member())) {
            throw new IllegalStateException("two leaders in one epoch: epoch=" + state.epoch() + ", leaders="
                    + known.member() + ", " + leader.member());
        } else if (following != null) {
            following.heard();
        }
    }

    private void onHint(LeaderHint hint) {
        if (hint.leader() != null) {
            onHint(hint.leader());
        } else if (following != null && following.leadBy(hint.header().from())) {
            // It has resigned in the meantime.
            becomeUnattached();
        }
    }

    /**
     * Follows the leader that others know. One that was silent here is doubted for a while, as others may not have noticed yet; if it
     * lives it makes itself known to its voters.
     */
    private void onHint(Voter leader) {
        boolean doubted = state.nowNs() < doubtNs && isElectable();
        if (leader() == null && !doubted) {
            onLeader(leader);
        }
    }

    private void doubtLeader() {
        doubtNs = state.nowNs() + 2 * state.config.electionTimeoutNs();
    }

    private void onEndEpoch(EndEpoch end) {
        if (following == null || !following.leadBy(end.header().from())) {
            return;
        }
        becomeUnattached();
        doubtLeader();
        int place = end.successors().indexOf(state.self().id());
        if (place >= 0) {
            electionNs = state.nowNs() + place * state.config.pollNs();
        }
    }

    /** Whether it may stand for election: one that has a machine, and no fresh one of a quorum that was founded without it. */
    private boolean isElectable() {
        return state.mayStand() && !state.lacksMachine() && (state.members().isFounded() || !state.hasHeardOfCluster());
    }

    private void tick() {
        long nowNs = state.nowNs();
        if (leadership != null) {
            if (!leadership.onTick()) {
                doubtLeader();
                becomeUnattached();
            }
        } else if (following != null) {
            if (!following.hasGivenUp()) {
                following.onTick();
            } else if (isElectable()) {
                doubtLeader();
                becomeProspective();
            } else {
                becomeUnattached();
            }
        } else if (nowNs >= electionNs && isElectable()) {
            becomeProspective();
        } else {
            tickWhileWaiting(nowNs);
        }
    }

    private void tickWhileWaiting(long nowNs) {
        if (nowNs >= electionNs) {
            role = Role.UNATTACHED;
            election = null;
            electionNs = state.randomDeadlineNs(state.config.electionTimeoutNs());
        }
        if (role == Role.UNATTACHED && nowNs >= lookNs) {
            lookForLeader();
        }
    }

    private void lookForLeader() {
        lookNs = state.nowNs() + state.config.pollNs();
        List<Voter> others = state.members().voters().stream()
                .filter(voter -> !state.isSelf(voter))
                .toList();
        if (!others.isEmpty()) {
            Voter asked = others.get(state.random.nextInt(others.size()));
            state.out.send(asked.id(), new FindLeader(state.header()));
        }
    }

    // The transitions.

    private void become(Role next) {
        Following followed = following;
        Leadership led = leadership;
        role = next;
        election = null;
        following = null;
        leadership = null;
        if (followed != null) {
            followed.end();
        }
        if (led != null) {
            led.end();
        }
    }

    private void becomeUnattached() {
        become(Role.UNATTACHED);
        waitForLeader();
    }

    private void waitForLeader() {
        electionNs = state.randomDeadlineNs(state.config.electionTimeoutNs());
        lookNs = state.nowNs();
    }

    private void resign(Leadership led) {
        led.resign();
        becomeUnattached();
        doubtLeader();
    }

    private void becomeProspective() {
        become(Role.PROSPECTIVE);
        election = new Election();
        election.grant(state.self());
        ask(true);
        advanceElection(election);
    }

    private void becomeCandidate() {
        state.vote(new StoredVote(state.epoch() + 1, state.self()));
        become(Role.CANDIDATE);
        election = new Election();
        ask(false);
    }

    private void ask(boolean preVote) {
        electionNs = state.randomDeadlineNs(state.config.resendNs());
        for (Voter voter : state.members().voters()) {
            if (!state.isSelf(voter)) {
                state.out.send(voter.id(), new Vote(state.header(), preVote, state.log.end()));
            }
        }
    }

    // What the owner may ask.

    /** {@return when a tick is due at the latest, nanoseconds on the clock of the steps} */
    public long nextDeadlineNs() {
        if (leadership != null) {
            return leadership.nextDeadlineNs();
        } else if (following != null) {
            return following.nextDeadlineNs();
        }
        return role == Role.UNATTACHED ? Math.min(electionNs, lookNs) : electionNs;
    }

    /** {@return the role} */
    public Role role() {
        return role;
    }

    /** {@return the epoch} */
    public int epoch() {
        return state.epoch();
    }

    /** {@return who leads in the epoch, null when it is not known} */
    public @Nullable Voter leader() {
        if (leadership != null) {
            return state.config.self();
        }
        return following == null ? null : following.leader();
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
        return leadership == null ? 0 : leadership.observers();
    }

    /** {@return on the leader, how many other voters hold everything that is committed; otherwise 0} */
    public int followersInSync() {
        return leadership == null ? 0 : leadership.followersInSync(highWatermark());
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
