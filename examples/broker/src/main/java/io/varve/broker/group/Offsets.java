// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.Group.State;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How far groups have come, and what is decided about it. A group may have offsets without ever having had members: consumers that
 * assign partitions to themselves commit under a group's name only.
 *
 * <p>Threading: confined to the owner of the machine.
 */
final class Offsets {

    private final GroupConfig config;
    private final Map<String, Map<TopicPartition, CommittedOffset>> byGroup = new TreeMap<>();

    Offsets(GroupConfig config) {
        this.config = config;
    }

    Map<TopicPartition, CommittedOffset> of(String groupId) {
        return byGroup.getOrDefault(groupId, Map.of());
    }

    /** The groups that have offsets, in the order of their ids. */
    Set<String> groupIds() {
        return byGroup.keySet();
    }

    void put(String groupId, TopicPartition partition, CommittedOffset offset) {
        byGroup.computeIfAbsent(groupId, id -> new LinkedHashMap<>()).put(partition, offset);
    }

    void remove(String groupId, TopicPartition partition) {
        Map<TopicPartition, CommittedOffset> ofGroup = byGroup.get(groupId);
        if (ofGroup != null && ofGroup.remove(partition) != null && ofGroup.isEmpty()) {
            byGroup.remove(groupId);
        }
    }

    /** Decides about a commit: an error for each partition, and an event for each that has none. */
    Map<TopicPartition, ErrorCode> commit(
            GroupCommand.Commit commit, Function<TopicPartition, ErrorCode> refusals, List<GroupEvent> events) {
        Map<TopicPartition, ErrorCode> errors = new LinkedHashMap<>();
        commit.offsets().forEach((partition, offset) -> {
            ErrorCode error = refusals.apply(partition);
            if (error == ErrorCode.NONE && offset.metadata().length() > config.maxMetadataBytes()) {
                error = ErrorCode.OFFSET_METADATA_TOO_LARGE;
            }
            errors.put(partition, error);
            if (error == ErrorCode.NONE) {
                events.add(new GroupEvent.OffsetCommitted(commit.groupId(), partition, offset));
            }
        });
        return errors;
    }

    /** What is wrong with a commit to a classic group, NONE when it may be made. */
    ErrorCode refusal(GroupCommand.Commit commit, @Nullable Group group) {
        boolean outside = commit.generation() < 0;
        if (group == null) {
            boolean exists = byGroup.containsKey(commit.groupId());
            return outside ? ErrorCode.NONE : exists ? ErrorCode.UNKNOWN_MEMBER_ID : ErrorCode.GROUP_ID_NOT_FOUND;
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

    /** Decides about forgetting offsets of a group that exists (KIP-496). */
    Map<TopicPartition, ErrorCode> delete(
            GroupCommand.DeleteOffsets delete, Predicate<String> subscribed, List<GroupEvent> events) {
        Map<TopicPartition, ErrorCode> errors = new LinkedHashMap<>();
        for (TopicPartition partition : delete.partitions()) {
            if (subscribed.test(partition.topic())) {
                errors.put(partition, ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC);
            } else if (errors.put(partition, ErrorCode.NONE) == null
                    && of(delete.groupId()).containsKey(partition)) {
                events.add(new GroupEvent.OffsetDeleted(delete.groupId(), partition));
            }
        }
        return errors;
    }

    /** Decides to forget all that a group has. */
    List<GroupEvent> deleteAll(String groupId) {
        List<GroupEvent> events = new ArrayList<>();
        of(groupId).keySet().forEach(partition -> events.add(new GroupEvent.OffsetDeleted(groupId, partition)));
        return events;
    }

    /** Decides to forget what was committed for topics that are no more. */
    List<GroupEvent> deleteTopics(Set<String> topics) {
        List<GroupEvent> events = new ArrayList<>();
        byGroup.forEach((groupId, committed) -> committed.keySet().stream()
                .filter(partition -> topics.contains(partition.topic()))
                .forEach(partition -> events.add(new GroupEvent.OffsetDeleted(groupId, partition))));
        return events;
    }

    /**
     * Decides which offsets of a group nobody needs any more: those of a group without members, counted from when it became empty or
     * from the commit if that came later, and those of topics that a stable group of consumers no longer reads.
     *
     * @param group the classic group of this id
     * @param subscribed tells whether members read a topic, which keeps its offsets
     */
    List<GroupEvent> expired(String groupId, @Nullable Group group, Predicate<String> subscribed, long nowMs) {
        boolean empty = group == null || group.members().isEmpty();
        boolean consumers =
                group != null && group.state() == State.STABLE && ConsumerProtocol.TYPE.equals(group.protocolType());
        if (!empty && !consumers) {
            return List.of();
        }
        long emptySinceMs = group == null || !empty ? 0 : group.sinceMs();
        List<GroupEvent> events = new ArrayList<>();
        of(groupId).forEach((partition, offset) -> {
            long unusedSinceMs = Math.max(emptySinceMs, offset.commitMs());
            if (!subscribed.test(partition.topic())
                    && offset.isExpired(nowMs, unusedSinceMs, config.offsetsRetentionMs())) {
                events.add(new GroupEvent.OffsetDeleted(groupId, partition));
            }
        });
        return events;
    }
}
