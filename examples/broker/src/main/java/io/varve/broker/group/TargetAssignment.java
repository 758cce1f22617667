// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/** Works out what the members of a consumer group are to have. Pure. */
final class TargetAssignment {

    private static final List<Assignor> KNOWN = List.of(new UniformAssignor(), new RangeAssignor());

    private final Map<String, Assignor> assignors = new LinkedHashMap<>();

    /**
     * Makes one with these assignors.
     *
     * @param names the first is that of groups whose members have no preference
     * @throws IllegalArgumentException if there is none, or a name is not known
     */
    TargetAssignment(List<String> names) {
        for (String name : names) {
            Assignor assignor = KNOWN.stream()
                    .filter(known -> known.name().equals(name))
                    .findFirst()
                    .orElseThrow(() ->
                            new IllegalArgumentException("unknown assignor: name=" + name + "; use uniform or range"));
            assignors.put(name, assignor);
        }
        if (assignors.isEmpty()) {
            throw new IllegalArgumentException("a consumer group needs an assignor: use uniform or range");
        }
    }

    boolean knows(String name) {
        return assignors.containsKey(name);
    }

    /** The assignor that most members with a preference prefer, or else the first. */
    Assignor of(ConsumerGroup group) {
        Map<String, Integer> votes = new LinkedHashMap<>();
        assignors.keySet().forEach(name -> votes.put(name, 0));
        for (ConsumerMember member : group.members().values()) {
            String preferred = member.metadata().assignor();
            if (preferred != null) {
                votes.computeIfPresent(preferred, (name, count) -> count + 1);
            }
        }
        Assignor most = assignors.values().iterator().next();
        for (Assignor assignor : assignors.values()) {
            if (votes.getOrDefault(assignor.name(), 0) > votes.getOrDefault(most.name(), 0)) {
                most = assignor;
            }
        }
        return most;
    }

    /** The group with a target for its present epoch. */
    ConsumerGroup assign(ConsumerGroup group, Topics topics) {
        SortedMap<UUID, Topics.Topic> read = new TreeMap<>();
        SortedMap<String, Assignor.Reader> readers = new TreeMap<>();
        for (ConsumerMember member : group.members().values()) {
            SortedSet<UUID> ids = new TreeSet<>();
            for (String name : group.topics(member)) {
                Topics.Topic topic = topics.topic(name);
                if (topic != null) {
                    ids.add(topic.id());
                    read.put(topic.id(), topic);
                }
            }
            String memberId = member.memberId();
            MemberMetadata metadata = member.metadata();
            String rank = metadata.instanceId() == null ? memberId : metadata.instanceId();
            readers.put(memberId, new Assignor.Reader(rank, metadata.rackId(), ids, group.target(memberId)));
        }
        return group.withTarget(group.epoch(), of(group).assign(readers, read));
    }
}
