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

    private final GroupConfig config;
    private final ConsumerMembership membership;
    private final ClassicMembership classic;
    private final Map<String, ConsumerGroup> groups = new TreeMap<>();
    private Topics topics = Topics.NONE;

    ConsumerGroups(GroupConfig config) {
        this.config = config;
        this.membership = new ConsumerMembership(config.consumer());
        this.classic = new ClassicMembership(config, membership);
    }

    Decision<GroupEvent, List<GroupAnswer>> heartbeat(GroupCommand.ConsumerHeartbeat heartbeat, long nowMs) {
        ConsumerGroup before = groups.getOrDefault(heartbeat.groupId(), ConsumerGroup.empty(heartbeat.groupId()));
        return decision(before, membership.heartbeat(heartbeat, before, topics, nowMs), nowMs);
    }

    /** Decides about a heartbeat to a classic group, as the consumer group that it would become; no events when it is not to become one. */
    Decision<GroupEvent, List<GroupAnswer>> upgrade(
            GroupCommand.ConsumerHeartbeat heartbeat, ConsumerGroup upgraded, long nowMs) {
        ConsumerMembership.Outcome outcome = membership.heartbeat(heartbeat, upgraded, topics, nowMs);
        return outcome.group().equals(upgraded)
                ? Decision.reply(List.of(outcome.answer()))
                : decision(ConsumerGroup.empty(upgraded.id()), outcome, nowMs);
    }

    Decision<GroupEvent, List<GroupAnswer>> join(GroupCommand.Join join, ConsumerGroup group, long nowMs) {
        return decision(group, classic.join(join, group, topics, nowMs), nowMs);
    }

    Decision<GroupEvent, List<GroupAnswer>> sync(GroupCommand.Sync sync, ConsumerGroup group, long nowMs) {
        return decision(group, classic.sync(sync, group, topics, nowMs), nowMs);
    }

    Decision<GroupEvent, List<GroupAnswer>> heartbeat(
            GroupCommand.Heartbeat heartbeat, ConsumerGroup group, long nowMs) {
        return decision(group, classic.heartbeat(heartbeat, group, topics, nowMs), nowMs);
    }

    private Decision<GroupEvent, List<GroupAnswer>> decision(
            ConsumerGroup before, ConsumerMembership.Outcome outcome, long nowMs) {
        return new Decision<>(change(before, outcome.group(), nowMs), List.of(outcome.answer()));
    }

    /** The events from one state to another, which is a classic group when only members of that protocol are left. */
    private List<GroupEvent> change(ConsumerGroup before, ConsumerGroup after, long nowMs) {
        return config.consumer().migration().downgrades() && Migration.isClassic(after)
                ? Migration.downgrade(before, after, topics, config, nowMs)
                : ConsumerGroupChange.between(before, after, nowMs);
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
                change(group, ConsumerMembership.remove(group, gone), nowMs),
                List.of(new GroupAnswer.Left(leave.requestId(), errors)));
    }

    List<GroupEvent> tick(ConsumerGroup group, long nowMs) {
        return change(group, membership.tick(group, nowMs), nowMs);
    }

    /**
     * What is wrong with a commit, for each partition: a member may name an older epoch for what it has had since then (KIP-1251).
     *
     * @return the errors by partition, NONE where the commit may be made
     */
    Function<TopicPartition, ErrorCode> refusals(GroupCommand.Commit commit, ConsumerGroup group) {
        boolean outside = commit.generation() < 0;
        if (outside && group.members().isEmpty()) {
            return partition -> ErrorCode.NONE;
        }
        ConsumerMember named = group.byInstance(commit.identity().instanceId());
        if (named != null && !named.memberId().equals(commit.identity().memberId())) {
            return partition -> ErrorCode.FENCED_INSTANCE_ID;
        }
        ConsumerMember member = group.members().get(commit.identity().memberId());
        if (member == null) {
            return partition -> ErrorCode.UNKNOWN_MEMBER_ID;
        }
        ErrorCode stale =
                member.metadata().classic() == null ? ErrorCode.STALE_MEMBER_EPOCH : ErrorCode.ILLEGAL_GENERATION;
        return partition -> {
            Topics.Topic topic = topics.topic(partition.topic());
            boolean accepted = topic == null
                    ? commit.generation() == member.current().epoch()
                    : member.current()
                            .acceptsCommit(commit.generation(), new TopicIdPartition(topic.id(), partition.index()));
            return accepted ? ErrorCode.NONE : stale;
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

    void know(Topics next) {
        topics = next;
    }

    /** The topics of the cluster. */
    Topics topics() {
        return topics;
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
