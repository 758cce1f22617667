// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.Group.Rebalance;
import io.varve.broker.group.Group.State;
import io.varve.broker.request.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One decision about one group while it is being made: the group as it will be, and the answers that follow.
 *
 * <p>Threading: confined to the decision.
 */
final class Step {

    /** Shortest pause before members are waited for once more. */
    private static final int LEAST_WAIT_MS = 1000;

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
            members.put(member.memberId(), member.released(nowMs));
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
        boolean initial = times.waitUntilMs() > 0;
        boolean all =
                group.pending().isEmpty() && group.members().values().stream().allMatch(Member::isJoining);
        // An empty group takes those who have come when its wait is over, and waits for nobody who only has an id.
        boolean early = initial ? nowMs < times.waitUntilMs() : !all;
        if (group.members().isEmpty()) {
            if (group.pending().isEmpty() || expired) {
                empty();
            }
            return;
        }
        if (!expired && early) {
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
            return;
        }
        String leader = electLeader();
        if (leader == null) {
            // Only static members are left, and none has come to lead: they are waited for once more, until their
            // sessions end.
            int timeoutMs = Math.max(LEAST_WAIT_MS, group.rebalanceTimeoutMs());
            become(group.in(State.PREPARING, new Rebalance(times.startMs(), 0, nowMs + timeoutMs), group.sinceMs()));
        } else {
            nextGeneration(leader);
        }
    }

    /** The last member has gone. */
    private void empty() {
        become(group.generation(State.EMPTY, null, null, Rebalance.NONE, nowMs));
        store();
    }

    /** The leader so far if it has come, or else the first that has; null when nobody has. */
    private @Nullable String electLeader() {
        String leader = group.leaderId();
        Member present = leader == null ? null : group.members().get(leader);
        if (present != null && present.isJoining()) {
            return leader;
        }
        return group.members().values().stream()
                .filter(Member::isJoining)
                .findFirst()
                .map(Member::memberId)
                .orElse(null);
    }

    private void nextGeneration(String leader) {
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
                group.isLeader(memberId) ? List.copyOf(group.members().values()) : List.of(),
                false);
    }

    /** The leader has brought the assignment: everybody who waits gets it, and whoever has not asked yet is waited for. */
    void assign(Map<String, byte[]> assignments) {
        Map<String, Member> assigned = new LinkedHashMap<>();
        for (Member member : group.members().values()) {
            byte[] assignment = assignments.getOrDefault(member.memberId(), new byte[0]);
            assigned.put(member.memberId(), member.assigned(assignment, nowMs));
            if (member.isSyncing()) {
                answer(new GroupAnswer.Synced(
                        member.syncRequestId(),
                        ErrorCode.NONE,
                        group.protocolType(),
                        group.protocolName(),
                        assignment));
            }
        }
        become(group.withMembers(assigned).in(State.STABLE, group.rebalance(), nowMs));
        endWaitForSyncs();
        store();
    }

    /** When every member of a stable group has asked for its assignment, nobody is waited for. */
    void endWaitForSyncs() {
        if (group.members().values().stream().noneMatch(Member::owesSync)) {
            become(group.in(group.state(), Rebalance.NONE, group.sinceMs()));
        }
    }
}
