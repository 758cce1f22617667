// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Gives everybody about equally many partitions, and moves as few as that allows. Nobody has two more than another who could read one
 * of them; where all read the same topics, nobody has two more than another at all. Then partitions change places until no exchange of two
 * brings more of them to readers in their racks.
 */
final class UniformAssignor implements Assignor {

    @Override
    public String name() {
        return "uniform";
    }

    @Override
    public Map<String, SortedSet<TopicIdPartition>> assign(
            SortedMap<String, Reader> members, SortedMap<UUID, Topics.Topic> topics) {
        return new Work(members, topics).done();
    }

    /** Somebody's share so far. */
    private record Share(String memberId, SortedSet<UUID> topics, SortedSet<TopicIdPartition> partitions) {
        static final Comparator<Share> FEWEST_FIRST = Comparator.comparingInt((Share share) -> share.partitions.size())
                .thenComparing(Share::memberId);
    }

    /**
     * One assignment being worked out. Members with the same topics stand in one queue, the one with the fewest partitions first, so
     * that who reads a topic and has the fewest is found by a look at the head of few queues.
     *
     * <p>Threading: confined to the call.
     */
    private static final class Work {

        private final SortedMap<String, Reader> members;
        private final SortedMap<UUID, Topics.Topic> topics;
        private final Map<String, Share> shares = new TreeMap<>();
        private final Map<SortedSet<UUID>, TreeSet<Share>> queues = new HashMap<>();
        private final Map<UUID, List<TreeSet<Share>>> byTopic = new HashMap<>();
        private final Set<TopicIdPartition> kept = new HashSet<>();

        Work(SortedMap<String, Reader> members, SortedMap<UUID, Topics.Topic> topics) {
            this.members = members;
            this.topics = topics;
            members.forEach((memberId, reader) -> keep(memberId, reader));
            queues.forEach((ofQueue, queue) -> ofQueue.forEach(topic ->
                    byTopic.computeIfAbsent(topic, id -> new ArrayList<>()).add(queue)));
        }

        /** What somebody had and may have still is kept at first. */
        private void keep(String memberId, Reader reader) {
            SortedSet<TopicIdPartition> before = new TreeSet<>();
            for (TopicIdPartition partition : reader.before()) {
                boolean valid = reader.topics().contains(partition.topicId())
                        && partition.index() < partitionsOf(partition.topicId());
                if (valid && kept.add(partition)) {
                    before.add(partition);
                }
            }
            Share share = new Share(memberId, reader.topics(), before);
            shares.put(memberId, share);
            queues.computeIfAbsent(reader.topics(), ofQueue -> new TreeSet<>(Share.FEWEST_FIRST))
                    .add(share);
        }

        Map<String, SortedSet<TopicIdPartition>> done() {
            SortedMap<String, SortedSet<TopicIdPartition>> assigned = new TreeMap<>();
            shares.forEach((memberId, share) -> assigned.put(memberId, share.partitions()));
            RackSwaps swaps = new RackSwaps(members, topics, assigned);
            giveAway();
            // Exchanges leave the shares as large as they are, but may bring a partition to where it can be given away.
            do {
                even();
            } while (swaps.run());
            return assigned;
        }

        private void even() {
            boolean moved = true;
            // Each move makes the sum of the squares of the shares smaller, so this ends.
            while (moved) {
                moved = false;
                for (String memberId : members.keySet()) {
                    moved |= relieve(memberId);
                }
            }
        }

        /** Gives what nobody has to whoever has the fewest; first the topics that few can read. */
        private void giveAway() {
            List<UUID> inTurn = new ArrayList<>(topics.keySet());
            inTurn.sort(Comparator.comparingInt(this::readers));
            for (UUID topic : inTurn) {
                for (int index = 0; index < partitionsOf(topic); index++) {
                    TopicIdPartition partition = new TopicIdPartition(topic, index);
                    Share least = kept.contains(partition) ? null : least(topic);
                    if (least != null) {
                        change(least, partition, true);
                    }
                }
            }
        }

        private int partitionsOf(UUID topicId) {
            Topics.Topic topic = topics.get(topicId);
            return topic == null ? 0 : topic.partitions();
        }

        private int readers(UUID topic) {
            return byTopic.getOrDefault(topic, List.of()).stream()
                    .mapToInt(Set::size)
                    .sum();
        }

        private boolean relieve(String memberId) {
            Share from = shares.get(memberId);
            if (from == null) {
                return false;
            }
            boolean moved = false;
            for (TopicIdPartition partition : List.copyOf(from.partitions())) {
                Share to = least(partition.topicId());
                if (to != null && from.partitions().size() - to.partitions().size() > 1) {
                    change(from, partition, false);
                    change(to, partition, true);
                    moved = true;
                }
            }
            return moved;
        }

        private @Nullable Share least(UUID topic) {
            return byTopic.getOrDefault(topic, List.of()).stream()
                    .map(TreeSet::first)
                    .min(Share.FEWEST_FIRST)
                    .orElse(null);
        }

        /** A share stands in its queue by its size, so it leaves the queue while that changes. */
        private void change(Share share, TopicIdPartition partition, boolean add) {
            TreeSet<Share> queue = queues.computeIfAbsent(share.topics(), ofQueue -> new TreeSet<>(Share.FEWEST_FIRST));
            queue.remove(share);
            if (add) {
                share.partitions().add(partition);
            } else {
                share.partitions().remove(partition);
            }
            queue.add(share);
        }
    }
}
