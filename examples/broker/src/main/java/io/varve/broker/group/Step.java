// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.Group.Rebalance;
import io.varve.broker.group.Group.State;
import io.varve.broker.request.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One decision about one group while it is being made: the group as it will be, and the answers that follow.
 *
 * <p>Threading: confined to the decision.
 */
final class Step {

    private final GroupConfig config;
    private final long nowMs;
    private final List<GroupAnswer> answers = new ArrayList<>();
    private Group group;
    private boolean durable;

    Step(Group group, GroupConfig config, long nowMs) {
        this.group = group;
        this.config = config;
        this.nowMs = nowMs;
    }

    Group group() {
        return group;
    }

    void become(Group next) {
        group = next;
    }

    void answer(GroupAnswer answer) {
        if (answer.requestId() != GroupCommand.NOBODY) {
            answers.add(answer);
        }
    }

    List<GroupAnswer> answers() {
        return answers;
    }

    /** What becomes of the group must be known to a broker that starts anew. */
    void store() {
        durable = true;
    }

    boolean isDurable() {
        return durable;
    }

    /** Takes a member out; whatever it waited for is refused. */
    void remove(Member member) {
        refuse(member, ErrorCode.UNKNOWN_MEMBER_ID);
        become(group.withoutMember(member.memberId()));
    }

    void refuse(Member member, ErrorCode error) {
        if (member.isJoining()) {
            answer(GroupAnswer.Joined.refused(member.joinRequestId(), error, member.memberId()));
        }
        if (member.isSyncing()) {
            answer(GroupAnswer.Synced.refused(member.syncRequestId(), error));
        }
    }

    /** Begins a rebalance, unless one is being prepared already; members that wait for an assignment must join again. */
    void rebalance() {
        if (group.state() == State.PREPARING) {
            return;
        }
        boolean wasEmpty = group.state() == State.EMPTY;
        Map<String, Member> members = new LinkedHashMap<>();
        for (Member member : group.members().values()) {
            if (member.isSyncing()) {
                answer(GroupAnswer.Synced.refused(member.syncRequestId(), ErrorCode.REBALANCE_IN_PROGRESS));
            }
            members.put(member.memberId(), member.syncing(GroupCommand.NOBODY, nowMs));
        }
        int timeoutMs = group.rebalanceTimeoutMs();
        long waitUntilMs = wasEmpty ? nowMs + Math.min(config.initialRebalanceDelayMs(), timeoutMs) : 0;
        become(group.withMembers(members)
                .in(State.PREPARING, new Rebalance(nowMs, waitUntilMs, nowMs + timeoutMs), nowMs));
    }

    /** A member has come to a group that waits for more: it waits a little longer, within the rebalance timeout. */
    void waitLonger() {
        Rebalance times = group.rebalance();
        if (group.state() == State.PREPARING && times.waitUntilMs() > 0 && nowMs < times.waitUntilMs()) {
            long latest = times.startMs() + group.rebalanceTimeoutMs();
            long until = Math.min(nowMs + config.initialRebalanceDelayMs(), latest);
            become(group.in(
                    State.PREPARING, new Rebalance(times.startMs(), until, Math.max(latest, until)), group.sinceMs()));
        }
    }

    /** Forms the next generation when all have joined that will. */
    void completeJoin() {
        if (group.state() != State.PREPARING) {
            return;
        }
        Rebalance times = group.rebalance();
        boolean expired = nowMs >= times.deadlineMs();
        boolean waiting = nowMs < times.waitUntilMs();
        boolean all =
                group.pending().isEmpty() && group.members().values().stream().allMatch(Member::isJoining);
        if (group.members().isEmpty()) {
            if (group.pending().isEmpty() || expired) {
                empty();
            }
            return;
        }
        if (!expired && (waiting || !all)) {
            return;
        }
        // Whoever has not come in time is out; a static member keeps its place until its session ends.
        for (Member member : List.copyOf(group.members().values())) {
            if (!member.isJoining() && member.instanceId() == null) {
                remove(member);
            }
        }
        if (group.members().isEmpty()) {
            empty();
        } else {
            nextGeneration();
        }
    }

    /** The last member has gone. */
    private void empty() {
        become(group.generation(State.EMPTY, null, null, Rebalance.NONE, nowMs));
        durable = true;
    }

    private void nextGeneration() {
        String leader = group.leaderId();
        Member present = leader == null ? null : group.members().get(leader);
        if (present == null || !present.isJoining()) {
            leader = group.members().values().stream()
                    .filter(Member::isJoining)
                    .findFirst()
                    .map(Member::memberId)
                    .orElseGet(() -> group.members().keySet().iterator().next());
        }
        String protocol = group.elect();
        long syncDeadlineMs = nowMs + group.rebalanceTimeoutMs();
        become(group.generation(State.COMPLETING, protocol, leader, new Rebalance(nowMs, 0, syncDeadlineMs), nowMs));
        Map<String, Member> joined = new LinkedHashMap<>();
        group.members().values().forEach(member -> joined.put(member.memberId(), member.joined(nowMs)));
        Map<String, Member> waiting = group.members();
        become(group.withMembers(joined));
        waiting.values().forEach(member -> answer(joined(member.memberId(), member.joinRequestId())));
    }

    /** What a member of the present generation is told about it. */
    GroupAnswer.Joined joined(String memberId, long requestId) {
        return new GroupAnswer.Joined(
                requestId,
                ErrorCode.NONE,
                memberId,
                group.generation(),
                String.valueOf(group.leaderId()),
                group.protocolType(),
                group.protocolName(),
                group.isLeader(memberId) ? List.copyOf(group.members().values()) : List.of());
    }

    /** The leader has brought the assignment: everybody who waits gets it. */
    void assign(Map<String, byte[]> assignments) {
        Map<String, Member> assigned = new LinkedHashMap<>();
        for (Member member : group.members().values()) {
            byte[] assignment = assignments.getOrDefault(member.memberId(), new byte[0]);
            assigned.put(member.memberId(), member.assigned(assignment, nowMs));
            answer(new GroupAnswer.Synced(
                    member.syncRequestId(), ErrorCode.NONE, group.protocolType(), group.protocolName(), assignment));
        }
        become(group.withMembers(assigned).in(State.STABLE, Rebalance.NONE, nowMs));
        durable = true;
    }
}
