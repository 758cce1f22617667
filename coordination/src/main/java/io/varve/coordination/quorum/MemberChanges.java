// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Changes of the voters, decided by the leader, one at a time: the next may begin when the one before is committed, and the first when the
 * leader has committed an entry of its epoch. So the majorities of two sets that follow each other always meet. Source: Raft
 * (dissertation), chapter 4, with the correction of 2015; KIP-853.
 *
 * <p>A number that is bound to another directory is given free first and then taken by the new one, in two changes: one that replaced the
 * directory at once would let a majority of the old set and one of the new set have nobody in common. To give a number to the
 * first directory that ever carried it is one change: that of nobody counted in no majority.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class MemberChanges {

    private final MemberState state;
    private final Leadership leadership;

    MemberChanges(MemberState state, Leadership leadership) {
        this.state = state;
        this.leadership = leadership;
    }

    private boolean isBusy() {
        return !leadership.isEstablished() || state.highWatermark() <= state.log.membersOffset();
    }

    /**
     * Writes the voters of the configuration to the log, as soon as that can be done, and founds the quorum if it is not. From then on
     * no configuration matters, and a member that comes without anything finds out who votes.
     */
    void found() {
        QuorumMembers members = state.members();
        // The first entry is a leader's start: voters that stand there at the latest were not written but configured.
        boolean written = members.isFounded() && state.log.membersOffset() > 0;
        if (written || isBusy()) {
            return;
        }
        if (members.isFounded()) {
            leadership.appendMembers(members);
            return;
        }
        List<Voter> voters = new ArrayList<>();
        int bound = 0;
        for (Voter voter : members.voters()) {
            MemberId member = voter.isBound() ? voter.member() : leadership.firstHeard(voter.id());
            voters.add(member == null ? voter : new Voter(member, voter.addresses()));
            bound += member == null ? 0 : 1;
        }
        if (bound >= members.majority()) {
            UUID clusterId = new UUID(state.random.nextLong(), state.random.nextLong());
            leadership.appendMembers(QuorumMembers.of(clusterId, voters));
        }
    }

    /** A voter whose directory is not known is bound to the one that fetches under its number. */
    ChangeStatus add(Voter wanted) {
        QuorumMembers members = state.members();
        Voter voter = wanted;
        if (!wanted.isBound()) {
            MemberId heard = leadership.observer(wanted.id());
            if (heard == null) {
                return members.voter(wanted.id()) == null ? ChangeStatus.NOT_CAUGHT_UP : ChangeStatus.UNCHANGED;
            }
            voter = new Voter(heard, wanted.addresses());
        }
        Voter present = members.voter(voter.id());
        if (voter.equals(present)) {
            return ChangeStatus.UNCHANGED;
        }
        if (!members.isFounded() || isBusy()) {
            return ChangeStatus.BUSY;
        }
        if (present != null && present.member().equals(voter.member())) {
            leadership.appendMembers(members.with(voter));
            return ChangeStatus.APPENDED;
        }
        if (present != null && leadership.isAlive(present)) {
            return ChangeStatus.ID_IN_USE;
        }
        if (!hasCaughtUp(leadership.progressOf(voter))) {
            return ChangeStatus.NOT_CAUGHT_UP;
        }
        if (present != null && present.isBound()) {
            ChangeStatus removed = remove(present.member());
            return removed == ChangeStatus.APPENDED ? ChangeStatus.BUSY : removed;
        }
        leadership.appendMembers(members.with(voter));
        return ChangeStatus.APPENDED;
    }

    private boolean hasCaughtUp(@Nullable Progress progress) {
        return progress != null
                && progress.flushedOffset >= state.highWatermark()
                && progress.heardNs + state.config.electionTimeoutNs() > state.nowNs();
    }

    ChangeStatus remove(MemberId member) {
        QuorumMembers members = state.members();
        Voter present = members.voter(member.id());
        if (present == null || !present.member().equals(member)) {
            return ChangeStatus.UNCHANGED;
        }
        if (!members.isFounded() || isBusy()) {
            return ChangeStatus.BUSY;
        }
        QuorumMembers rest = members.without(member.id());
        long alive = rest.voters().stream().filter(leadership::isAlive).count();
        if (alive < rest.majority()) {
            return ChangeStatus.WOULD_LOSE_QUORUM;
        }
        leadership.appendMembers(rest);
        return ChangeStatus.APPENDED;
    }
}
