// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.CurrentAssignment.State;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A consumer group as of one moment, in the protocol of KIP-848. It has three epochs, which only grow: its own counts the changes of
 * members, subscriptions and topics; that of the target says for which of them the assignment was worked out; and each member's says
 * which target it has reached.
 *
 * <p>Threading: immutable.
 *
 * @param metadataHash the {@link Topics#hash} of what the members read
 * @param members by their ids
 * @param target what each member is to have at {@code targetEpoch}
 * @param regexes the topics that each expression of a member stands for
 * @param topicsVersion the topics for which hash and expressions hold, -1 when they must be worked out anew
 */
record ConsumerGroup(
        String id,
        int epoch,
        long metadataHash,
        int targetEpoch,
        SortedMap<String, ConsumerMember> members,
        Map<String, SortedSet<TopicIdPartition>> target,
        SortedMap<String, SortedSet<String>> regexes,
        long topicsVersion) {

    /** The type that lists of groups tell. */
    static final String TYPE = "consumer";

    static ConsumerGroup empty(String id) {
        return new ConsumerGroup(id, 0, 0, 0, Collections.emptySortedMap(), Map.of(), Collections.emptySortedMap(), -1);
    }

    /** The state that clients are told. */
    String state() {
        if (members.isEmpty()) {
            return "Empty";
        }
        if (epoch > targetEpoch) {
            return "Assigning";
        }
        boolean stable = members.values().stream()
                .map(ConsumerMember::current)
                .allMatch(current -> current.state() == State.STABLE && current.epoch() == targetEpoch);
        return stable ? "Stable" : "Reconciling";
    }

    ConsumerGroup with(ConsumerMember member) {
        SortedMap<String, ConsumerMember> next = new TreeMap<>(members);
        next.put(member.memberId(), member);
        return withMembers(next);
    }

    /** Without a member and all that it had or was to have. */
    ConsumerGroup without(String memberId) {
        SortedMap<String, ConsumerMember> next = new TreeMap<>(members);
        next.remove(memberId);
        return withMembers(next).withTarget(memberId, null);
    }

    private ConsumerGroup withMembers(SortedMap<String, ConsumerMember> next) {
        return new ConsumerGroup(
                id,
                epoch,
                metadataHash,
                targetEpoch,
                Collections.unmodifiableSortedMap(next),
                target,
                regexes,
                topicsVersion);
    }

    ConsumerGroup withTarget(String memberId, @Nullable SortedSet<TopicIdPartition> partitions) {
        Map<String, SortedSet<TopicIdPartition>> next = new TreeMap<>(target);
        if (partitions == null) {
            next.remove(memberId);
        } else {
            next.put(memberId, partitions);
        }
        return withTarget(targetEpoch, next);
    }

    ConsumerGroup withTarget(int atEpoch, Map<String, SortedSet<TopicIdPartition>> next) {
        return new ConsumerGroup(
                id, epoch, metadataHash, atEpoch, members, Collections.unmodifiableMap(next), regexes, topicsVersion);
    }

    ConsumerGroup withEpoch(int next, long hash) {
        return new ConsumerGroup(id, next, hash, targetEpoch, members, target, regexes, topicsVersion);
    }

    ConsumerGroup withRegex(String regex, @Nullable SortedSet<String> topics) {
        SortedMap<String, SortedSet<String>> next = new TreeMap<>(regexes);
        if (topics == null) {
            next.remove(regex);
        } else {
            next.put(regex, topics);
        }
        return withRegexes(next, topicsVersion);
    }

    ConsumerGroup withRegexes(SortedMap<String, SortedSet<String>> next, long version) {
        return new ConsumerGroup(
                id,
                epoch,
                metadataHash,
                targetEpoch,
                members,
                target,
                Collections.unmodifiableSortedMap(next),
                version);
    }

    /** What a member is to have. */
    SortedSet<TopicIdPartition> target(String memberId) {
        return target.getOrDefault(memberId, Collections.emptySortedSet());
    }

    /** The names of the topics that a member reads, whether they exist or not. */
    SortedSet<String> topics(ConsumerMember member) {
        String regex = member.metadata().topicRegex();
        if (regex == null) {
            return member.metadata().topicNames();
        }
        SortedSet<String> topics = new TreeSet<>(member.metadata().topicNames());
        topics.addAll(regexes.getOrDefault(regex, Collections.emptySortedSet()));
        return topics;
    }

    /** The names of the topics that any member reads. */
    SortedSet<String> topics() {
        SortedSet<String> topics = new TreeSet<>();
        members.values().forEach(member -> topics.addAll(topics(member)));
        return topics;
    }

    /** The member that a static name belongs to. */
    @Nullable
    ConsumerMember byInstance(@Nullable String instanceId) {
        if (instanceId == null) {
            return null;
        }
        return members.values().stream()
                .filter(member -> instanceId.equals(member.metadata().instanceId()))
                .findFirst()
                .orElse(null);
    }

    /** Whether a member is to have a partition that it has not, and that nobody else has. */
    boolean hasFreeFor(String memberId) {
        ConsumerMember member = members.get(memberId);
        SortedSet<TopicIdPartition> free = new TreeSet<>(target(memberId));
        if (member != null) {
            free.removeAll(member.current().assigned().keySet());
        }
        return !free.isEmpty() && !heldByOthers(memberId).containsAll(free);
    }

    /** The partitions that a member other than this one has, or has not yet given back. */
    SortedSet<TopicIdPartition> heldByOthers(String memberId) {
        SortedSet<TopicIdPartition> held = new TreeSet<>();
        for (ConsumerMember member : members.values()) {
            if (!member.memberId().equals(memberId)) {
                held.addAll(member.current().held());
            }
        }
        return held;
    }
}
