// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** The events between two states of a consumer group. */
final class ConsumerGroupChange {

    private ConsumerGroupChange() {}

    /** What must be stored, in Kafka's order, and then the state as a whole; nothing when the group stays as it is. */
    static List<GroupEvent> between(ConsumerGroup before, ConsumerGroup after, long nowMs) {
        List<GroupEvent> events = new ArrayList<>();
        if (before.equals(after)) {
            return events;
        }
        String id = after.id();
        members(before, after, nowMs, events);
        for (String regex : either(before.regexes(), after.regexes())) {
            SortedSet<String> topics = after.regexes().get(regex);
            if (topics == null || !topics.equals(before.regexes().get(regex))) {
                events.add(new ConsumerGroupEvent.RegexSet(id, regex, topics, after.topicsVersion(), nowMs));
            }
        }
        if (after.epoch() != before.epoch() || after.metadataHash() != before.metadataHash()) {
            events.add(new ConsumerGroupEvent.EpochSet(id, after.epoch(), after.metadataHash()));
        }
        targets(before, after, events);
        for (ConsumerMember member : after.members().values()) {
            ConsumerMember was = before.members().get(member.memberId());
            if (was == null || !was.current().equals(member.current())) {
                events.add(new ConsumerGroupEvent.CurrentSet(id, member.memberId(), member.current(), nowMs));
            }
        }
        events.add(new ConsumerGroupEvent.Became(after));
        return events;
    }

    /** Who has gone takes its records along, the last first; who has come or said something new is stored. */
    private static void members(ConsumerGroup before, ConsumerGroup after, long nowMs, List<GroupEvent> events) {
        String id = after.id();
        for (String memberId : before.members().keySet()) {
            if (!after.members().containsKey(memberId)) {
                events.add(new ConsumerGroupEvent.CurrentSet(id, memberId, null, nowMs));
                events.add(new ConsumerGroupEvent.TargetSet(id, memberId, null));
                events.add(new ConsumerGroupEvent.MemberSet(id, memberId, null, nowMs));
            }
        }
        for (ConsumerMember member : after.members().values()) {
            ConsumerMember was = before.members().get(member.memberId());
            if (was == null || !was.metadata().equals(member.metadata())) {
                events.add(new ConsumerGroupEvent.MemberSet(id, member.memberId(), member.metadata(), nowMs));
            }
        }
    }

    private static void targets(ConsumerGroup before, ConsumerGroup after, List<GroupEvent> events) {
        String id = after.id();
        after.target().forEach((memberId, partitions) -> {
            if (!partitions.equals(before.target().get(memberId))) {
                events.add(new ConsumerGroupEvent.TargetSet(id, memberId, partitions));
            }
        });
        if (after.targetEpoch() != before.targetEpoch()) {
            events.add(new ConsumerGroupEvent.TargetEpochSet(id, after.targetEpoch()));
        }
    }

    /** All that must be stored for a group to be no more. */
    static List<GroupEvent> toNothing(ConsumerGroup group, long nowMs) {
        List<GroupEvent> events = new ArrayList<>();
        members(group, ConsumerGroup.empty(group.id()), nowMs, events);
        for (String regex : group.regexes().keySet()) {
            events.add(new ConsumerGroupEvent.RegexSet(group.id(), regex, null, group.topicsVersion(), nowMs));
        }
        events.add(new ConsumerGroupEvent.TargetEpochSet(group.id(), null));
        events.add(new GroupEvent.ConsumerGroupDeleted(group.id()));
        return events;
    }

    private static SortedSet<String> either(Map<String, ?> one, Map<String, ?> other) {
        SortedSet<String> keys = new TreeSet<>(one.keySet());
        keys.addAll(other.keySet());
        return keys;
    }
}
