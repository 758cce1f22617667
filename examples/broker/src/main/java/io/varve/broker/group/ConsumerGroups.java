// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.replication.machine.Decision;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The groups of a machine that use the protocol of KIP-848.
 *
 * <p>Threading: confined to the owner of the machine.
 */
final class ConsumerGroups {

    private final ConsumerMembership membership;
    private final Map<String, ConsumerGroup> groups = new TreeMap<>();

    ConsumerGroups(ConsumerGroupConfig config) {
        this.membership = new ConsumerMembership(config);
    }

    Decision<GroupEvent, List<GroupAnswer>> heartbeat(GroupCommand.ConsumerHeartbeat heartbeat, long nowMs) {
        ConsumerGroup before = groups.getOrDefault(heartbeat.groupId(), ConsumerGroup.empty(heartbeat.groupId()));
        ConsumerMembership.Outcome outcome = membership.heartbeat(heartbeat, before, nowMs);
        return new Decision<>(ConsumerGroupChange.between(before, outcome.group(), nowMs), List.of(outcome.answer()));
    }

    /** Takes members out whom somebody names from outside, static ones by their names alone. */
    Decision<GroupEvent, List<GroupAnswer>> leave(GroupCommand.Leave leave, ConsumerGroup group, long nowMs) {
        List<ConsumerMember> gone = new ArrayList<>();
        List<ErrorCode> errors = new ArrayList<>();
        for (GroupCommand.Identity identity : leave.members()) {
            ConsumerMember named = group.byInstance(identity.instanceId());
            ConsumerMember member =
                    identity.instanceId() == null ? group.members().get(identity.memberId()) : named;
            boolean other = member != null
                    && !identity.memberId().isEmpty()
                    && !identity.memberId().equals(member.memberId());
            errors.add(
                    member == null
                            ? ErrorCode.UNKNOWN_MEMBER_ID
                            : other ? ErrorCode.FENCED_INSTANCE_ID : ErrorCode.NONE);
            if (member != null && !other) {
                gone.add(member);
            }
        }
        return new Decision<>(
                ConsumerGroupChange.between(group, ConsumerMembership.remove(group, gone), nowMs),
                List.of(new GroupAnswer.Left(leave.requestId(), errors)));
    }

    List<GroupEvent> tick(ConsumerGroup group, long nowMs) {
        return ConsumerGroupChange.between(group, membership.tick(group, nowMs), nowMs);
    }

    /**
     * What is wrong with a commit, for each partition: a member may name an older epoch for what it has had since then (KIP-1251).
     *
     * @return the errors by partition, NONE where the commit may be made
     */
    static Function<TopicPartition, ErrorCode> refusals(GroupCommand.Commit commit, ConsumerGroup group) {
        boolean outside = commit.generation() < 0;
        if (outside && group.members().isEmpty()) {
            return partition -> ErrorCode.NONE;
        }
        ConsumerMember member = group.members().get(commit.identity().memberId());
        if (member == null) {
            return partition -> ErrorCode.UNKNOWN_MEMBER_ID;
        }
        Map<TopicPartition, TopicIdPartition> ids = commit.ids();
        return partition -> {
            TopicIdPartition id = ids.get(partition);
            boolean accepted = id == null
                    ? commit.generation() == member.current().epoch()
                    : member.current().acceptsCommit(commit.generation(), id);
            return accepted ? ErrorCode.NONE : ErrorCode.STALE_MEMBER_EPOCH;
        };
    }

    /** What is wrong with a member that asks for offsets; NONE for somebody who does not say that it is one. */
    static ErrorCode refusalToFetch(ConsumerGroup group, @Nullable String memberId, int epoch) {
        if (memberId == null && epoch < 0) {
            return ErrorCode.NONE;
        }
        ConsumerMember member = memberId == null ? null : group.members().get(memberId);
        if (member == null) {
            return ErrorCode.UNKNOWN_MEMBER_ID;
        }
        return member.current().epoch() == epoch ? ErrorCode.NONE : ErrorCode.STALE_MEMBER_EPOCH;
    }

    /** Makes an event so; what is said of a group that is no more makes none. */
    void apply(ConsumerGroupEvent event) {
        ConsumerGroup known = groups.get(event.groupId());
        ConsumerGroup empty = ConsumerGroup.empty(event.groupId());
        ConsumerGroup next = event.applyTo(known == null ? empty : known);
        if (known != null || !next.equals(empty)) {
            groups.put(event.groupId(), next);
        }
    }

    void remove(String groupId) {
        groups.remove(groupId);
    }

    @Nullable
    ConsumerGroup group(String groupId) {
        return groups.get(groupId);
    }

    Collection<ConsumerGroup> all() {
        return groups.values();
    }

    Set<String> ids() {
        return groups.keySet();
    }

    /** The name of the assignor that a group uses. */
    String assignor(ConsumerGroup group) {
        return membership.targets().of(group).name();
    }

    /** When a group must be looked at again, {@link Long#MAX_VALUE} for never. */
    long nextDeadlineMs(String groupId) {
        ConsumerGroup group = groups.get(groupId);
        return group == null ? Long.MAX_VALUE : membership.nextDeadlineMs(group);
    }
}
