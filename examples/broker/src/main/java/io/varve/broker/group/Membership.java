// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.Group.State;
import io.varve.broker.group.GroupCommand.Identity;
import io.varve.broker.request.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Decides about joining, syncing, heartbeats and leaving. Pure. */
final class Membership {

    private final GroupConfig config;

    Membership(GroupConfig config) {
        this.config = config;
    }

    void join(GroupCommand.Join join, Step step, long nowMs) {
        ErrorCode refusal = refusal(join, step.group());
        if (refusal != ErrorCode.NONE) {
            // It will not come again with the id that it was given, so nobody needs to wait for it.
            step.become(step.group().withoutPending(join.identity().memberId()));
            step.answer(GroupAnswer.Joined.refused(
                    join.requestId(), refusal, join.identity().memberId()));
        } else if (join.identity().memberId().isEmpty()) {
            newMember(join, step, nowMs);
        } else {
            knownMember(join, step, nowMs);
        }
        step.completeJoin();
    }

    private ErrorCode refusal(GroupCommand.Join join, Group group) {
        if (!config.allowsSession(join.timeouts().sessionMs())) {
            return ErrorCode.INVALID_SESSION_TIMEOUT;
        }
        if (join.protocolType().isEmpty() || join.protocols().isEmpty()) {
            return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
        }
        Group others = others(join, group);
        if (!others.members().isEmpty()
                && (!join.protocolType().equals(others.protocolType()) || !others.supportsOneOf(join.protocols()))) {
            return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
        }
        boolean known = group.members().containsKey(join.identity().memberId())
                || group.byInstance(join.identity().instanceId()) != null;
        return !known && group.members().size() >= config.maxSize() ? ErrorCode.GROUP_MAX_SIZE_REACHED : ErrorCode.NONE;
    }

    private static Group others(GroupCommand.Join join, Group group) {
        Member same = group.byInstance(join.identity().instanceId());
        Group others = group.withoutMember(join.identity().memberId());
        return same == null ? others : others.withoutMember(same.memberId());
    }

    private void newMember(GroupCommand.Join join, Step step, long nowMs) {
        Member before = step.group().byInstance(join.identity().instanceId());
        if (before != null) {
            replace(before, join, step, nowMs);
        } else if (join.abilities().idFirst() && join.identity().instanceId() == null) {
            step.become(step.group()
                    .withPending(join.newMemberId(), nowMs + join.timeouts().sessionMs()));
            step.answer(GroupAnswer.Joined.refused(join.requestId(), ErrorCode.MEMBER_ID_REQUIRED, join.newMemberId()));
        } else {
            add(join, join.newMemberId(), step, nowMs);
        }
    }

    /**
     * A static member has restarted (KIP-345): it takes the place of its earlier self. That needs no rebalance when the group would
     * choose the same protocol again and the member reads the same topics; what else it says does not count, for it has just forgotten
     * which partitions it owned.
     */
    private static void replace(Member before, GroupCommand.Join join, Step step, long nowMs) {
        step.refuse(before, ErrorCode.FENCED_INSTANCE_ID);
        boolean leader = step.group().isLeader(before.memberId());
        Member after = Member.joining(join, join.newMemberId(), nowMs);
        Group group = typed(join, step.group())
                .withoutMember(before.memberId())
                .withMember(after)
                .withLeader(leader ? after.memberId() : step.group().leaderId());
        step.become(group);
        boolean same = group.state() == State.STABLE
                && Objects.equals(group.protocolName(), group.elect())
                && Subscriptions.same(before, after, group.protocolName());
        if (!same) {
            step.rebalance();
            return;
        }
        step.become(group.withMember(after.inPlaceOf(before)));
        step.endWaitForSyncs();
        // A broker that starts anew must know the new id, or it would fence the member.
        step.store();
        GroupAnswer.Joined told = step.joined(after.memberId(), join.requestId());
        step.answer(leader ? leaderAgain(told, before, join.abilities().skipsAssignment()) : told);
    }

    /**
     * What a leader that has restarted is told. The assignment stays, so it must not work out another: a client that knows how skips
     * it (KIP-814); any other is told the leader's former id, so that it does not take itself for the leader.
     */
    private static GroupAnswer.Joined leaderAgain(GroupAnswer.Joined told, Member before, boolean skips) {
        return new GroupAnswer.Joined(
                told.requestId(),
                told.error(),
                told.memberId(),
                told.generation(),
                skips ? told.leaderId() : before.memberId(),
                told.protocolType(),
                told.protocolName(),
                skips ? told.members() : List.of(),
                skips);
    }

    private static void add(GroupCommand.Join join, String memberId, Step step, long nowMs) {
        Group group = typed(join, step.group());
        step.become(group.withMember(Member.joining(join, memberId, nowMs)));
        if (group.state() == State.PREPARING) {
            step.waitLonger();
        } else {
            step.rebalance();
        }
    }

    /** The group, which takes the protocol type of a member that is alone in it. */
    private static Group typed(GroupCommand.Join join, Group group) {
        return others(join, group).members().isEmpty() ? group.withProtocolType(join.protocolType()) : group;
    }

    private static void knownMember(GroupCommand.Join join, Step step, long nowMs) {
        Group group = step.group();
        String memberId = join.identity().memberId();
        // Only members without a static name are given an id first.
        if (join.identity().instanceId() == null && group.pending().containsKey(memberId)) {
            step.become(group.withoutPending(memberId));
            add(join, memberId, step, nowMs);
            return;
        }
        ErrorCode refusal = refusal(join.identity(), group);
        Member member = group.members().get(memberId);
        if (refusal != ErrorCode.NONE || member == null) {
            step.answer(GroupAnswer.Joined.refused(join.requestId(), refusal, memberId));
            return;
        }
        boolean same = member.saysTheSame(join.protocols());
        boolean current = same
                && (group.state() == State.COMPLETING || (group.state() == State.STABLE && !group.isLeader(memberId)));
        if (current) {
            step.become(group.withMember(member.heard(nowMs)));
            step.answer(step.joined(memberId, join.requestId()));
            return;
        }
        if (member.isJoining()) {
            step.answer(GroupAnswer.Joined.refused(member.joinRequestId(), ErrorCode.REBALANCE_IN_PROGRESS, memberId));
        }
        if (member.isSyncing()) {
            step.answer(GroupAnswer.Synced.refused(member.syncRequestId(), ErrorCode.REBALANCE_IN_PROGRESS));
        }
        step.become(typed(join, group).withMember(member.rejoining(join, nowMs)));
        step.rebalance();
    }

    /** What is wrong with a member's name, NONE when the group has such a member. */
    static ErrorCode refusal(Identity identity, Group group) {
        Member byInstance = group.byInstance(identity.instanceId());
        if (identity.instanceId() != null) {
            if (byInstance == null) {
                return ErrorCode.UNKNOWN_MEMBER_ID;
            }
            return byInstance.memberId().equals(identity.memberId()) ? ErrorCode.NONE : ErrorCode.FENCED_INSTANCE_ID;
        }
        return group.members().containsKey(identity.memberId()) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
    }

    void sync(GroupCommand.Sync sync, Step step, long nowMs) {
        Group group = step.group();
        ErrorCode refusal = refusal(sync.identity(), group);
        Member member = group.members().get(sync.identity().memberId());
        if (refusal == ErrorCode.NONE && sync.generation() != group.generation()) {
            refusal = ErrorCode.ILLEGAL_GENERATION;
        } else if (refusal == ErrorCode.NONE
                && (differs(sync.protocolType(), group.protocolType())
                        || differs(sync.protocolName(), group.protocolName()))) {
            refusal = ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
        } else if (refusal == ErrorCode.NONE && group.state() == State.PREPARING) {
            refusal = ErrorCode.REBALANCE_IN_PROGRESS;
        }
        if (refusal != ErrorCode.NONE || member == null) {
            step.answer(GroupAnswer.Synced.refused(sync.requestId(), refusal));
            return;
        }
        if (group.state() == State.STABLE) {
            step.become(group.withMember(member.syncing(GroupCommand.NOBODY, nowMs)));
            step.endWaitForSyncs();
            step.answer(new GroupAnswer.Synced(
                    sync.requestId(), ErrorCode.NONE, group.protocolType(), group.protocolName(), member.assignment()));
            return;
        }
        step.become(group.withMember(member.syncing(sync.requestId(), nowMs)));
        if (group.isLeader(member.memberId())) {
            step.assign(sync.assignments());
        }
    }

    private static boolean differs(@Nullable String said, @Nullable String is) {
        return said != null && !said.equals(is);
    }

    void heartbeat(GroupCommand.Heartbeat heartbeat, Step step, long nowMs) {
        Group group = step.group();
        ErrorCode answer = refusal(heartbeat.identity(), group);
        Member member = group.members().get(heartbeat.identity().memberId());
        if (answer == ErrorCode.NONE && heartbeat.generation() != group.generation()) {
            answer = ErrorCode.ILLEGAL_GENERATION;
        } else if (answer == ErrorCode.NONE && member != null) {
            step.become(group.withMember(member.heard(nowMs)));
            if (group.state() == State.PREPARING) {
                answer = ErrorCode.REBALANCE_IN_PROGRESS;
            }
        }
        step.answer(new GroupAnswer.Done(heartbeat.requestId(), answer));
    }

    void leave(GroupCommand.Leave leave, Step step) {
        List<ErrorCode> errors = new ArrayList<>();
        boolean gone = false;
        for (Identity identity : leave.members()) {
            Group group = step.group();
            if (group.pending().containsKey(identity.memberId())) {
                step.become(group.withoutPending(identity.memberId()));
                errors.add(ErrorCode.NONE);
                continue;
            }
            // Whoever removes a static member from outside knows its name but not its id.
            Member named = group.byInstance(identity.instanceId());
            Member member = identity.memberId().isEmpty() && named != null
                    ? named
                    : group.members().get(identity.memberId());
            ErrorCode error = member != null && member.equals(named) ? ErrorCode.NONE : refusal(identity, group);
            errors.add(error);
            if (error == ErrorCode.NONE && member != null) {
                step.remove(member);
                gone = true;
            }
        }
        if (gone) {
            step.rebalance();
        }
        step.completeJoin();
        step.answer(new GroupAnswer.Left(leave.requestId(), errors));
    }

    /** Time has passed: sessions, ids that were given out, and rebalances end. */
    void tick(Step step, long nowMs) {
        for (String memberId : step.group().pending().keySet()) {
            if (step.group().pending().getOrDefault(memberId, 0L) <= nowMs) {
                step.become(step.group().withoutPending(memberId));
            }
        }
        boolean gone = false;
        boolean late = step.group().state() != State.PREPARING
                && nowMs >= step.group().rebalance().deadlineMs();
        for (Member member : List.copyOf(step.group().members().values())) {
            boolean silent = member.deadlineMs() <= nowMs && !member.isJoining() && !member.isSyncing();
            if (silent || (late && member.owesSync())) {
                step.remove(member);
                gone = true;
            }
        }
        if (gone) {
            step.rebalance();
        }
        step.completeJoin();
    }

    /** When a group must be looked at again, {@link Long#MAX_VALUE} for never. */
    static long nextDeadlineMs(Group group) {
        long next = Long.MAX_VALUE;
        for (long untilMs : group.pending().values()) {
            next = Math.min(next, untilMs);
        }
        for (Member member : group.members().values()) {
            if (!member.isJoining() && !member.isSyncing()) {
                next = Math.min(next, member.deadlineMs());
            }
        }
        if (group.state() == State.PREPARING && group.rebalance().waitUntilMs() > 0) {
            next = Math.min(next, group.rebalance().waitUntilMs());
        }
        return Math.min(next, group.rebalance().deadlineMs());
    }
}
