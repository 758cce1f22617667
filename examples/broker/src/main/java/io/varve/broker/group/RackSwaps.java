// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.UUID;

/**
 * Exchanges partitions between members, as many as each had, as long as that brings more of them to members in a rack of their replicas.
 * What is as good as it can be by exchanges of two stays.
 *
 * <p>Threading: confined to the call.
 */
final class RackSwaps {

    private final Map<String, Assignor.Reader> members;
    private final Map<UUID, Topics.Topic> topics;
    private final SortedMap<String, SortedSet<TopicIdPartition>> assigned;

    RackSwaps(
            SortedMap<String, Assignor.Reader> members,
            SortedMap<UUID, Topics.Topic> topics,
            SortedMap<String, SortedSet<TopicIdPartition>> assigned) {
        this.members = members;
        this.topics = topics;
        this.assigned = assigned;
    }

    /** Makes all exchanges that are worth it; returns whether there were any. */
    boolean run() {
        List<String> inRacks = new ArrayList<>();
        members.forEach((memberId, reader) -> {
            if (reader.rack() != null) {
                inRacks.add(memberId);
            }
        });
        boolean any = false;
        boolean moved = true;
        // Each exchange brings at least one more partition to its rack, so this ends.
        while (moved) {
            moved = false;
            for (String from : assigned.keySet()) {
                for (String to : inRacks) {
                    moved |= !from.equals(to) && exchange(from, to);
                }
            }
            any |= moved;
        }
        return any;
    }

    /** Gives partitions to a member in their rack, and takes as many from it that are not worse off. */
    private boolean exchange(String from, String to) {
        SortedSet<TopicIdPartition> one = share(from);
        SortedSet<TopicIdPartition> other = share(to);
        Deque<TopicIdPartition> back = new ArrayDeque<>();
        for (TopicIdPartition partition : other) {
            boolean there = isIn(partition, from);
            if (reads(from, partition) && (there || !isIn(partition, to))) {
                // Those that gain by it are taken first.
                if (there) {
                    back.addFirst(partition);
                } else {
                    back.addLast(partition);
                }
            }
        }
        boolean moved = false;
        for (TopicIdPartition partition : List.copyOf(one)) {
            boolean gains = !isIn(partition, from) && isIn(partition, to) && reads(to, partition);
            if (gains && !back.isEmpty()) {
                TopicIdPartition taken = back.removeFirst();
                one.remove(partition);
                other.remove(taken);
                one.add(taken);
                other.add(partition);
                moved = true;
            }
        }
        return moved;
    }

    private SortedSet<TopicIdPartition> share(String memberId) {
        SortedSet<TopicIdPartition> share = assigned.get(memberId);
        if (share == null) {
            throw new IllegalStateException("no such member: member=" + memberId);
        }
        return share;
    }

    private boolean reads(String memberId, TopicIdPartition partition) {
        Assignor.Reader reader = members.get(memberId);
        return reader != null && reader.topics().contains(partition.topicId());
    }

    private boolean isIn(TopicIdPartition partition, String memberId) {
        Assignor.Reader reader = members.get(memberId);
        Topics.Topic topic = topics.get(partition.topicId());
        return reader != null && topic != null && topic.isIn(partition.index(), reader.rack());
    }
}
