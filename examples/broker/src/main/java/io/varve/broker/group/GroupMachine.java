// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.Group.State;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.replication.machine.Decision;
import io.varve.replication.machine.StateMachine;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
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
    private final Map<String, Map<TopicPartition, CommittedOffset>> offsets = new HashMap<>();

    GroupMachine(GroupConfig config) {
        this.config = config;
        this.membership = new Membership(config);
    }

    @Override
    public Decision<GroupEvent, List<GroupAnswer>> decide(GroupCommand command, long nowMs) {
        if (command instanceof GroupCommand.Join join) {
            return join(join, nowMs);
        }
        if (command instanceof GroupCommand.Sync sync) {
            return inGroup(
                    sync.groupId(),
                    GroupAnswer.Synced.refused(sync.requestId(), ErrorCode.UNKNOWN_MEMBER_ID),
                    step -> membership.sync(sync, step, nowMs),
                    nowMs);
        }
        if (command instanceof GroupCommand.Heartbeat heartbeat) {
            return inGroup(
                    heartbeat.groupId(),
                    new GroupAnswer.Done(heartbeat.requestId(), ErrorCode.UNKNOWN_MEMBER_ID),
                    step -> membership.heartbeat(heartbeat, step, nowMs),
                    nowMs);
        }
        if (command instanceof GroupCommand.Leave leave) {
            List<ErrorCode> unknown = leave.members().stream()
                    .map(member -> ErrorCode.UNKNOWN_MEMBER_ID)
                    .toList();
            return inGroup(
                    leave.groupId(),
                    new GroupAnswer.Left(leave.requestId(), unknown),
                    step -> membership.leave(leave, step),
                    nowMs);
        }
        if (command instanceof GroupCommand.Commit commit) {
            return commit(commit, nowMs);
        }
        if (command instanceof GroupCommand.Delete delete) {
            return delete(delete);
        }
        if (command instanceof GroupCommand.DeleteOffsets delete) {
            return deleteOffsets(delete);
        }
        return command instanceof GroupCommand.Tick ? tick(nowMs) : expireOffsets(nowMs);
    }

    private Decision<GroupEvent, List<GroupAnswer>> join(GroupCommand.Join join, long nowMs) {
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
        ErrorCode refusal = refusal(commit, group);
        Map<TopicPartition, ErrorCode> errors = new LinkedHashMap<>();
        List<GroupEvent> events = new ArrayList<>();
        commit.offsets().forEach((partition, offset) -> {
            ErrorCode error = refusal;
            if (error == ErrorCode.NONE && offset.metadata().length() > config.maxMetadataBytes()) {
                error = ErrorCode.OFFSET_METADATA_TOO_LARGE;
            }
            errors.put(partition, error);
            if (error == ErrorCode.NONE) {
                events.add(new GroupEvent.OffsetCommitted(commit.groupId(), partition, offset));
            }
        });
        Member member =
                group == null ? null : group.members().get(commit.identity().memberId());
        if (refusal == ErrorCode.NONE && group != null && member != null) {
            events.add(new GroupEvent.GroupChanged(group.withMember(member.heard(nowMs)), false));
        }
        return new Decision<>(events, List.of(new GroupAnswer.ByPartition(commit.requestId(), ErrorCode.NONE, errors)));
    }

    private static ErrorCode refusal(GroupCommand.Commit commit, @Nullable Group group) {
        boolean outside = commit.generation() < 0;
        if (group == null) {
            return outside ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
        }
        if (outside && group.state() == State.EMPTY) {
            return ErrorCode.NONE;
        }
        ErrorCode refusal = Membership.refusal(commit.identity(), group);
        if (refusal == ErrorCode.NONE && commit.generation() != group.generation()) {
            return ErrorCode.ILLEGAL_GENERATION;
        }
        return refusal == ErrorCode.NONE && group.state() == State.COMPLETING
                ? ErrorCode.REBALANCE_IN_PROGRESS
                : refusal;
    }

    private Decision<GroupEvent, List<GroupAnswer>> delete(GroupCommand.Delete delete) {
        ErrorCode refusal = !exists(delete.groupId())
                ? ErrorCode.GROUP_ID_NOT_FOUND
                : isEmpty(delete.groupId()) ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP;
        GroupAnswer answer = new GroupAnswer.Done(delete.requestId(), refusal);
        if (refusal != ErrorCode.NONE) {
            return Decision.reply(List.of(answer));
        }
        List<GroupEvent> events = new ArrayList<>();
        offsets(delete.groupId())
                .keySet()
                .forEach(partition -> events.add(new GroupEvent.OffsetDeleted(delete.groupId(), partition)));
        events.add(new GroupEvent.GroupDeleted(delete.groupId()));
        return new Decision<>(events, List.of(answer));
    }

    private Decision<GroupEvent, List<GroupAnswer>> deleteOffsets(GroupCommand.DeleteOffsets delete) {
        Group group = groups.get(delete.groupId());
        boolean foreign = group != null
                && group.state() != State.EMPTY
                && !Subscriptions.PROTOCOL_TYPE.equals(group.protocolType());
        ErrorCode refusal = !exists(delete.groupId())
                ? ErrorCode.GROUP_ID_NOT_FOUND
                : foreign ? ErrorCode.NON_EMPTY_GROUP : ErrorCode.NONE;
        Map<TopicPartition, ErrorCode> errors = new LinkedHashMap<>();
        List<GroupEvent> events = new ArrayList<>();
        for (TopicPartition partition : refusal == ErrorCode.NONE ? delete.partitions() : List.<TopicPartition>of()) {
            if (group != null && Subscriptions.of(group).contains(partition.topic())) {
                errors.put(partition, ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC);
            } else {
                errors.put(partition, ErrorCode.NONE);
                if (offsets(delete.groupId()).containsKey(partition)) {
                    events.add(new GroupEvent.OffsetDeleted(delete.groupId(), partition));
                }
            }
        }
        return new Decision<>(events, List.of(new GroupAnswer.ByPartition(delete.requestId(), refusal, errors)));
    }

    private Decision<GroupEvent, List<GroupAnswer>> tick(long nowMs) {
        List<GroupEvent> events = new ArrayList<>();
        List<GroupAnswer> answers = new ArrayList<>();
        for (Group group : groups.values()) {
            if (Membership.nextDeadlineMs(group) <= nowMs) {
                Step step = new Step(group, config, nowMs);
                membership.tick(step, nowMs);
                events.addAll(decision(step, group).events());
                answers.addAll(step.answers());
            }
        }
        return new Decision<>(events, answers);
    }

    private Decision<GroupEvent, List<GroupAnswer>> expireOffsets(long nowMs) {
        List<GroupEvent> events = new ArrayList<>();
        offsets.forEach((groupId, committed) -> {
            Group group = groups.get(groupId);
            if (!isEmpty(groupId)) {
                return;
            }
            long emptySinceMs = group == null ? 0 : group.sinceMs();
            int kept = 0;
            for (Map.Entry<TopicPartition, CommittedOffset> entry : committed.entrySet()) {
                long sinceMs = Math.max(emptySinceMs, entry.getValue().commitMs());
                if (nowMs - sinceMs >= config.offsetsRetentionMs()) {
                    events.add(new GroupEvent.OffsetDeleted(groupId, entry.getKey()));
                } else {
                    kept++;
                }
            }
            if (kept == 0 && group != null) {
                events.add(new GroupEvent.GroupDeleted(groupId));
            }
        });
        return new Decision<>(events, List.of());
    }

    @Override
    public void apply(long offset, GroupEvent event) {
        if (event instanceof GroupEvent.GroupChanged changed) {
            groups.put(changed.group().id(), changed.group());
        } else if (event instanceof GroupEvent.GroupDeleted deleted) {
            groups.remove(deleted.groupId());
        } else if (event instanceof GroupEvent.OffsetCommitted committed) {
            offsets.computeIfAbsent(committed.groupId(), id -> new LinkedHashMap<>())
                    .put(committed.partition(), committed.offset());
        } else if (event instanceof GroupEvent.OffsetDeleted deleted) {
            Map<TopicPartition, CommittedOffset> ofGroup = offsets.get(deleted.groupId());
            if (ofGroup != null) {
                ofGroup.remove(deleted.partition());
                if (ofGroup.isEmpty()) {
                    offsets.remove(deleted.groupId());
                }
            }
        }
    }

    /** When {@link GroupCommand.Tick} has something to do, {@link Long#MAX_VALUE} for never. */
    long nextDeadlineMs() {
        return groups.values().stream()
                .mapToLong(Membership::nextDeadlineMs)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** A group, null when there is none that has had members. */
    @Nullable
    Group group(String groupId) {
        return groups.get(groupId);
    }

    /** The groups that have had members. */
    Collection<Group> groups() {
        return groups.values();
    }

    /** The groups that have only offsets. */
    Collection<String> groupsWithoutMembers() {
        List<String> ids = new ArrayList<>(offsets.keySet());
        ids.removeAll(groups.keySet());
        return ids;
    }

    boolean exists(String groupId) {
        return groups.containsKey(groupId) || offsets.containsKey(groupId);
    }

    private boolean isEmpty(String groupId) {
        Group group = groups.get(groupId);
        return group == null || (group.members().isEmpty() && group.pending().isEmpty());
    }

    /** How far a group has come. */
    Map<TopicPartition, CommittedOffset> offsets(String groupId) {
        return offsets.getOrDefault(groupId, Map.of());
    }
}
