// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.coordination.quorum.PeerMessage.EndEpoch;
import io.varve.coordination.quorum.PeerMessage.FindLeader;
import io.varve.coordination.quorum.PeerMessage.LeaderHint;
import io.varve.coordination.quorum.PeerMessage.Vote;
import io.varve.coordination.quorum.PeerMessage.VoteReply;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which {@link Role} a member has, and how it comes to another: elections, what is believed of leaders, and silence.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class Roles {

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

    Roles(MemberState state, Function<MemberState, Leadership> leading) {
        this.state = state;
        this.leading = leading;
        waitForLeader();
        // Who has just begun has asked who leads and need not wait for the silence of a leader that it never heard;
        // asking for votes before
        // giving any disturbs nobody.
        boolean alone = state.members().voters().size() == 1;
        electionNs = alone ? state.nowNs() : state.randomDeadlineNs(state.config.pollNs());
    }

    Role role() {
        return role;
    }

    /** What it does as a leader, null when it is none. */
    @Nullable
    Leadership leadership() {
        return leadership;
    }

    /** What it does as a follower, null when it is none. */
    @Nullable
    Following following() {
        return following;
    }

    /** Who leads in the epoch, null when it is not known. */
    @Nullable
    Voter leader() {
        if (leadership != null) {
            return state.config.self();
        }
        return following == null ? null : following.leader();
    }

    boolean trustsLeader() {
        return leadership != null || (following != null && following.trustsLeader());
    }

    /** The leader, as far as others should be told. */
    @Nullable
    Voter trustedLeader() {
        return trustsLeader() ? leader() : null;
    }

    /** A later epoch has begun somewhere. */
    void goTo(int epoch) {
        state.vote(new StoredVote(epoch, null));
        becomeUnattached();
        doubtNs = 0;
    }

    void onVote(Vote vote) {
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
        state.out.send(from.id(), new VoteReply(state.header(), vote.preVote(), granted, trustedLeader()));
    }

    void onVoteReply(VoteReply reply) {
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

    void voteStored(StoredVote vote) {
        Election ours = election;
        boolean current = state.out.stored(vote);
        if (current && role == Role.CANDIDATE && ours != null) {
            ours.grant(state.self());
            advanceElection(ours);
        }
    }

    void onLeader(Voter leader) {
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

    void onHint(LeaderHint hint) {
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

    void onEndEpoch(EndEpoch end) {
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

    void tick() {
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

    void resign(Leadership led) {
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

    long nextDeadlineNs() {
        if (leadership != null) {
            return leadership.nextDeadlineNs();
        } else if (following != null) {
            return following.nextDeadlineNs();
        }
        return role == Role.UNATTACHED ? Math.min(electionNs, lookNs) : electionNs;
    }
}
