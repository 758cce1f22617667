// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.Group.State;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.replication.machine.Decision;
import io.varve.replication.machine.StateMachine;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The groups of one partition of __consumer_offsets, and their offsets.
 *
 * <p>An answer may be for an earlier command: a join waits until its generation is formed.
 *
 * <p>Threading: confined to the lane of the partition.
 */
final class GroupMachine implements StateMachine<GroupCommand, GroupEvent, List<GroupAnswer>> {

    private final GroupConfig config;
    private final Membership membership;
    private final Map<String, Group> groups = new TreeMap<>();
    private final Deadlines deadlines = new Deadlines();
    private final Offsets offsets;
    private final ConsumerGroups consumers;

    GroupMachine(GroupConfig config) {
        this.config = config;
        this.membership = new Membership(config);
        this.offsets = new Offsets(config);
        this.consumers = new ConsumerGroups(config);
    }

    @Override
    public Decision<GroupEvent, List<GroupAnswer>> decide(GroupCommand command, long nowMs) {
        if (command instanceof GroupCommand.ConsumerHeartbeat heartbeat) {
            return consumerHeartbeat(heartbeat, nowMs);
        }
        if (command instanceof GroupCommand.Join join) {
            return join(join, nowMs);
        }
        if (command instanceof GroupCommand.Sync sync) {
            return sync(sync, nowMs);
        }
        if (command instanceof GroupCommand.Heartbeat heartbeat) {
            return heartbeat(heartbeat, nowMs);
        }
        if (command instanceof GroupCommand.Leave leave) {
            return leave(leave, nowMs);
        }
        if (command instanceof GroupCommand.Commit commit) {
            return commit(commit, nowMs);
        }
        if (command instanceof GroupCommand.Delete delete) {
            return delete(delete, nowMs);
        }
        if (command instanceof GroupCommand.DeleteOffsets delete) {
            return deleteOffsets(delete);
        }
        if (command instanceof GroupCommand.KnowTopics know) {
            boolean later = know.topics().version() > consumers.topics().version();
            return new Decision<>(later ? List.of(new GroupEvent.TopicsKnown(know.topics())) : List.of(), List.of());
        }
        if (command instanceof GroupCommand.ForgetTopics forget) {
            return new Decision<>(offsets.deleteTopics(forget.topics()), List.of());
        }
        return command instanceof GroupCommand.Tick ? tick(nowMs) : expireOffsets(nowMs);
    }

    /** A classic group makes way for a consumer group of its name, which keeps the offsets, and the members if there are some. */
    private Decision<GroupEvent, List<GroupAnswer>> consumerHeartbeat(
            GroupCommand.ConsumerHeartbeat heartbeat, long nowMs) {
        Group classic = groups.get(heartbeat.groupId());
        if (classic == null) {
            return consumers.heartbeat(heartbeat, nowMs);
        }
        if (isEmpty(heartbeat.groupId())) {
            return insteadOf(List.of(new GroupEvent.GroupDeleted(classic.id())), consumers.heartbeat(heartbeat, nowMs));
        }
        boolean allowed = config.consumer().migration().upgrades()
                && classic.members().size() <= config.consumer().maxSize();
        ConsumerGroup upgraded = allowed ? Migration.upgraded(classic, consumers.topics(), nowMs) : null;
        if (upgraded == null) {
            return Decision.reply(List.of(GroupAnswer.Heard.refused(
                    heartbeat,
                    ErrorCode.GROUP_ID_NOT_FOUND,
                    "the group has members in the classic protocol that cannot be taken over: group="
                            + heartbeat.groupId())));
        }
        Decision<GroupEvent, List<GroupAnswer>> decision = insteadOf(
                List.of(new GroupEvent.GroupDeleted(classic.id())), consumers.upgrade(heartbeat, upgraded, nowMs));
        if (decision.events().isEmpty()) {
            return decision;
        }
        List<GroupAnswer> answers = new ArrayList<>(Migration.refusals(classic));
        answers.addAll(decision.reply());
        return new Decision<>(decision.events(), answers);
    }

    /** A consumer group without members makes way for a classic group of its name; one with members takes the member in. */
    private Decision<GroupEvent, List<GroupAnswer>> join(GroupCommand.Join join, long nowMs) {
        ConsumerGroup consumerGroup = consumers.group(join.groupId());
        if (consumerGroup == null) {
            return joinClassic(join, nowMs);
        }
        return consumerGroup.members().isEmpty()
                ? insteadOf(ConsumerGroupChange.toNothing(consumerGroup, nowMs), joinClassic(join, nowMs))
                : consumers.join(join, consumerGroup, nowMs);
    }

    /** The decision for a group that takes the place of another, which goes only if something came of it. */
    private static Decision<GroupEvent, List<GroupAnswer>> insteadOf(
            List<GroupEvent> end, Decision<GroupEvent, List<GroupAnswer>> decision) {
        if (decision.events().isEmpty()) {
            return decision;
        }
        List<GroupEvent> events = new ArrayList<>(end);
        events.addAll(decision.events());
        return new Decision<>(events, decision.reply());
    }

    private Decision<GroupEvent, List<GroupAnswer>> joinClassic(GroupCommand.Join join, long nowMs) {
        Group group = groups.get(join.groupId());
        if (group == null && !join.identity().memberId().isEmpty()) {
            return Decision.reply(List.of(GroupAnswer.Joined.refused(
                    join.requestId(),
                    ErrorCode.UNKNOWN_MEMBER_ID,
                    join.identity().memberId())));
        }
        Step step = new Step(group == null ? Group.empty(join.groupId(), nowMs) : group, config, nowMs);
        membership.join(join, step, nowMs);
        return decision(step, group);
    }

    private Decision<GroupEvent, List<GroupAnswer>> sync(GroupCommand.Sync sync, long nowMs) {
        ConsumerGroup consumerGroup = consumers.group(sync.groupId());
        return consumerGroup != null
                ? consumers.sync(sync, consumerGroup, nowMs)
                : inGroup(
                        sync.groupId(),
                        GroupAnswer.Synced.refused(sync.requestId(), ErrorCode.UNKNOWN_MEMBER_ID),
                        step -> membership.sync(sync, step, nowMs),
                        nowMs);
    }

    private Decision<GroupEvent, List<GroupAnswer>> heartbeat(GroupCommand.Heartbeat heartbeat, long nowMs) {
        ConsumerGroup consumerGroup = consumers.group(heartbeat.groupId());
        return consumerGroup != null
                ? consumers.heartbeat(heartbeat, consumerGroup, nowMs)
                : inGroup(
                        heartbeat.groupId(),
                        new GroupAnswer.Done(heartbeat.requestId(), ErrorCode.UNKNOWN_MEMBER_ID),
                        step -> membership.heartbeat(heartbeat, step, nowMs),
                        nowMs);
    }

    private Decision<GroupEvent, List<GroupAnswer>> leave(GroupCommand.Leave leave, long nowMs) {
        ConsumerGroup consumerGroup = consumers.group(leave.groupId());
        if (consumerGroup != null) {
            return consumers.leave(leave, consumerGroup, nowMs);
        }
        List<ErrorCode> unknown = leave.members().stream()
                .map(member -> ErrorCode.UNKNOWN_MEMBER_ID)
                .toList();
        return inGroup(
                leave.groupId(),
                new GroupAnswer.Left(leave.requestId(), unknown),
                step -> membership.leave(leave, step),
                nowMs);
    }

    private Decision<GroupEvent, List<GroupAnswer>> inGroup(
            String groupId, GroupAnswer otherwise, Consumer<Step> decide, long nowMs) {
        Group group = groups.get(groupId);
        if (group == null) {
            return Decision.reply(List.of(otherwise));
        }
        Step step = new Step(group, config, nowMs);
        decide.accept(step);
        return decision(step, group);
    }

    private static Decision<GroupEvent, List<GroupAnswer>> decision(Step step, @Nullable Group before) {
        boolean nothing = step.group().equals(before)
                || (before == null
                        && step.group().members().isEmpty()
                        && step.group().pending().isEmpty());
        return nothing
                ? Decision.reply(step.answers())
                : new Decision<>(List.of(new GroupEvent.GroupChanged(step.group(), step.isDurable())), step.answers());
    }

    private Decision<GroupEvent, List<GroupAnswer>> commit(GroupCommand.Commit commit, long nowMs) {
        Group group = groups.get(commit.groupId());
        ConsumerGroup consumerGroup = consumers.group(commit.groupId());
        ErrorCode refusal = offsets.refusal(commit, group);
        List<GroupEvent> events = new ArrayList<>();
        Map<TopicPartition, ErrorCode> errors = offsets.commit(
                commit,
                consumerGroup == null ? partition -> refusal : consumers.refusals(commit, consumerGroup),
                events);
        Member member =
                group == null ? null : group.members().get(commit.identity().memberId());
        if (group != null && member != null && refusal == ErrorCode.NONE) {
            events.add(new GroupEvent.GroupChanged(group.withMember(member.heard(nowMs)), false));
        }
        return new Decision<>(events, List.of(new GroupAnswer.ByPartition(commit.requestId(), ErrorCode.NONE, errors)));
    }

    private Decision<GroupEvent, List<GroupAnswer>> delete(GroupCommand.Delete delete, long nowMs) {
        ErrorCode refusal = !exists(delete.groupId())
                ? ErrorCode.GROUP_ID_NOT_FOUND
                : isEmpty(delete.groupId()) ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
        List<GroupEvent> events = new ArrayList<>();
        if (refusal == ErrorCode.NONE) {
            events.addAll(offsets.deleteAll(delete.groupId()));
            events.addAll(forget(delete.groupId(), nowMs));
        }
        return new Decision<>(events, List.of(new GroupAnswer.Done(delete.requestId(), refusal)));
    }

    private Decision<GroupEvent, List<GroupAnswer>> deleteOffsets(GroupCommand.DeleteOffsets delete) {
        Group group = groups.get(delete.groupId());
        boolean foreign =
                group != null && group.state() != State.EMPTY && !ConsumerProtocol.TYPE.equals(group.protocolType());
        ErrorCode refusal = !exists(delete.groupId())
                ? ErrorCode.GROUP_ID_NOT_FOUND
                : foreign ? ErrorCode.NON_EMPTY_GROUP : ErrorCode.NONE;
        List<GroupEvent> events = new ArrayList<>();
        Map<TopicPartition, ErrorCode> errors =
                refusal == ErrorCode.NONE ? offsets.delete(delete, subscribed(delete.groupId()), events) : Map.of();
        return new Decision<>(events, List.of(new GroupAnswer.ByPartition(delete.requestId(), refusal, errors)));
    }

    private Decision<GroupEvent, List<GroupAnswer>> tick(long nowMs) {
        List<GroupEvent> events = new ArrayList<>();
        List<GroupAnswer> answers = new ArrayList<>();
        for (String groupId : deadlines.due(nowMs)) {
            Group group = groups.get(groupId);
            ConsumerGroup consumerGroup = consumers.group(groupId);
            if (consumerGroup != null) {
                events.addAll(consumers.tick(consumerGroup, nowMs));
            } else if (group != null) {
                Step step = new Step(group, config, nowMs);
                membership.tick(step, nowMs);
                events.addAll(decision(step, group).events());
                answers.addAll(step.answers());
            }
        }
        return new Decision<>(events, answers);
    }

    private Decision<GroupEvent, List<GroupAnswer>> expireOffsets(long nowMs) {
        Set<String> groupIds = new TreeSet<>(groups.keySet());
        groupIds.addAll(consumers.ids());
        groupIds.addAll(offsets.groupIds());
        List<GroupEvent> events = new ArrayList<>();
        for (String groupId : groupIds) {
            List<GroupEvent> expired = offsets.expired(groupId, groups.get(groupId), subscribed(groupId), nowMs);
            events.addAll(expired);
            boolean forgotten =
                    isEmpty(groupId) && expired.size() == offsets.of(groupId).size();
            if (forgotten && hasHadMembers(groupId)) {
                events.addAll(forget(groupId, nowMs));
            }
        }
        return new Decision<>(events, List.of());
    }

    /** What makes a group be no more, whatever its protocol. */
    private List<GroupEvent> forget(String groupId, long nowMs) {
        ConsumerGroup consumerGroup = consumers.group(groupId);
        return consumerGroup == null
                ? List.of(new GroupEvent.GroupDeleted(groupId))
                : ConsumerGroupChange.toNothing(consumerGroup, nowMs);
    }

    /** Tells of a topic whether members of a group read it. */
    private Predicate<String> subscribed(String groupId) {
        Group group = groups.get(groupId);
        ConsumerGroup consumerGroup = consumers.group(groupId);
        if (consumerGroup != null) {
            Set<String> topics = consumerGroup.topics();
            return topics::contains;
        }
        return group == null ? topic -> false : Subscriptions.of(group);
    }

    @Override
    public void apply(long offset, GroupEvent event) {
        if (event instanceof GroupEvent.TopicsKnown known) {
            consumers.know(known.topics());
        } else if (event instanceof GroupEvent.GroupChanged changed) {
            Group group = changed.group();
            groups.put(group.id(), group);
            deadlines.put(group.id(), Membership.nextDeadlineMs(group));
        } else if (event instanceof GroupEvent.GroupDeleted deleted) {
            groups.remove(deleted.groupId());
            deadlines.remove(deleted.groupId());
        } else if (event instanceof GroupEvent.ConsumerGroupDeleted deleted) {
            consumers.remove(deleted.groupId());
            deadlines.remove(deleted.groupId());
        } else if (event instanceof ConsumerGroupEvent part) {
            consumers.apply(part);
            deadlines.put(part.groupId(), consumers.nextDeadlineMs(part.groupId()));
        } else if (event instanceof GroupEvent.OffsetCommitted committed) {
            offsets.put(committed.groupId(), committed.partition(), committed.offset());
        } else if (event instanceof GroupEvent.OffsetDeleted deleted) {
            offsets.remove(deleted.groupId(), deleted.partition());
        }
    }

    /** When {@link GroupCommand.Tick} has something to do, {@link Long#MAX_VALUE} for never. */
    long nextDeadlineMs() {
        return deadlines.nextMs();
    }

    /** The groups that use the protocol of KIP-848. */
    ConsumerGroups consumers() {
        return consumers;
    }

    /** A classic group, null when there is none that has had members. */
    @Nullable
    Group group(String groupId) {
        return groups.get(groupId);
    }

    /** The classic groups that have had members. */
    Collection<Group> groups() {
        return groups.values();
    }

    /** How many groups have had members. */
    int groupCount() {
        return groups.size() + consumers.all().size();
    }

    /** The groups that have only offsets. */
    Collection<String> groupsWithoutMembers() {
        Set<String> ids = new TreeSet<>(offsets.groupIds());
        ids.removeAll(groups.keySet());
        ids.removeAll(consumers.ids());
        return ids;
    }

    boolean exists(String groupId) {
        return hasHadMembers(groupId) || !offsets.of(groupId).isEmpty();
    }

    private boolean hasHadMembers(String groupId) {
        return groups.containsKey(groupId) || consumers.group(groupId) != null;
    }

    private boolean isEmpty(String groupId) {
        Group group = groups.get(groupId);
        ConsumerGroup consumerGroup = consumers.group(groupId);
        if (consumerGroup != null) {
            return consumerGroup.members().isEmpty();
        }
        return group == null || (group.members().isEmpty() && group.pending().isEmpty());
    }

    /** How far a group has come. */
    Map<TopicPartition, CommittedOffset> offsets(String groupId) {
        return offsets.of(groupId);
    }
}
