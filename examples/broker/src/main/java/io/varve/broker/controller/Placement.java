// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.PartitionState;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the brokers of a topic's new partitions, one partition after the other. Pure.
 *
 * <p>As Kafka does (KIP-36), the replicas of a partition are spread over as many racks as there are, and leaders and replicas of a topic
 * evenly over the brokers; a broker without a rack stands in one with all others without. What is equal by that is decided by what
 * the whole cluster has at each broker, where Kafka decides by chance: topics of one partition even out, and a decision can be repeated.
 *
 * <p>Brokers that are draining, fenced or shutting down are taken only when there are too few others, and never as the first.
 *
 * <p>Threading: confined to the thread that decides.
 */
final class Placement {

    private final List<Broker> brokers = new ArrayList<>();

    private Placement(Situation situation, @Nullable TopicImage topic) {
        for (BrokerState state : situation.brokers().registered()) {
            brokers.add(
                    new Broker(state.id(), state.rack(), !situation.brokers().mayTake(state.id())));
        }
        for (TopicImage other : situation.image().topics()) {
            boolean isSame = topic != null && topic.name().equals(other.name());
            other.partitions().forEach(partition -> note(partition.replicas(), isSame));
        }
    }

    /** A broker and what it has. */
    private static final class Broker {

        private final int id;
        private final @Nullable String rack;
        private final boolean isSpare;
        private int leaders;
        private int replicas;
        private int leadersOfTopic;
        private int replicasOfTopic;

        /** How often it follows another in the topic, by that one's number. */
        private final Map<Integer, Integer> following = new HashMap<>();

        private Broker(int id, @Nullable String rack, boolean isSpare) {
            this.id = id;
            this.rack = rack;
            this.isSpare = isSpare;
        }
    }

    private void note(List<Integer> partition, boolean isOfTopic) {
        int first = partition.get(0);
        for (Broker broker : brokers) {
            if (partition.contains(broker.id)) {
                broker.replicas++;
                broker.leaders += broker.id == first ? 1 : 0;
                if (isOfTopic) {
                    broker.replicasOfTopic++;
                    broker.leadersOfTopic += broker.id == first ? 1 : 0;
                    broker.following.merge(first, 1, Integer::sum);
                }
            }
        }
    }

    /**
     * The replicas of new partitions, the preferred leader of each first.
     *
     * @param topic the topic that gets more partitions, null for a new one
     * @throws RequestException with INVALID_REPLICATION_FACTOR when there are fewer brokers than replicas, or none to lead
     */
    static List<List<Integer>> place(
            Situation situation, @Nullable TopicImage topic, int partitions, int replicationFactor) {
        Placement placement = new Placement(situation, topic);
        int available = placement.brokers.size();
        if (replicationFactor < 1) {
            throw refused(
                    ErrorCode.INVALID_REPLICATION_FACTOR,
                    "Replication factor must be larger than 0, or -1 to use the default value.");
        }
        if (replicationFactor > available) {
            throw refused(
                    ErrorCode.INVALID_REPLICATION_FACTOR,
                    "Replication factor: " + replicationFactor + " larger than available brokers: " + available + ".");
        }
        if (placement.brokers.stream().allMatch(broker -> broker.isSpare)) {
            throw refused(
                    ErrorCode.INVALID_REPLICATION_FACTOR,
                    "None of the " + available + " brokers can lead: all are draining, fenced or shutting down.");
        }
        int first = topic == null ? 0 : topic.partitions().size();
        List<List<Integer>> placed = new ArrayList<>(partitions);
        for (int index = first; index < first + partitions; index++) {
            List<Integer> replicas = placement.next(index, replicationFactor);
            placement.note(replicas, true);
            placed.add(replicas);
        }
        return placed;
    }

    /**
     * The replicas of those partitions of a topic that can have more than they have, by their numbers; none that is reassigned already.
     *
     * @param replicationFactor as many replicas as they are to have if there are brokers for them
     */
    static Map<Integer, List<Integer>> widen(Situation situation, TopicImage topic, int replicationFactor) {
        Map<Integer, List<Integer>> widened = new TreeMap<>();
        Placement placement = null;
        for (PartitionImage partition : topic.partitions()) {
            List<Integer> replicas = partition.replicas();
            if (replicas.size() < replicationFactor && !partition.assignment().isReassigning()) {
                placement = placement == null ? new Placement(situation, topic) : placement;
                List<Integer> more = placement.widened(replicas, replicationFactor);
                if (more.size() > replicas.size()) {
                    widened.put(partition.index(), more);
                }
            }
        }
        return widened;
    }

    private List<Integer> widened(List<Integer> replicas, int replicationFactor) {
        List<Broker> chosen = new ArrayList<>(
                brokers.stream().filter(broker -> replicas.contains(broker.id)).toList());
        long free = brokers.stream()
                .filter(broker -> !broker.isSpare && !chosen.contains(broker))
                .count();
        List<Integer> widened = new ArrayList<>(replicas);
        for (long left = Math.min(free, replicationFactor - replicas.size()); left > 0; left--) {
            Broker follower = follower(chosen, replicas.get(0));
            chosen.add(follower);
            widened.add(follower.id);
            follower.replicas++;
            follower.replicasOfTopic++;
            follower.following.merge(replicas.get(0), 1, Integer::sum);
        }
        return widened;
    }

    private List<Integer> next(int index, int replicationFactor) {
        Broker leader = least(List.of(), broker -> new long[] {
            broker.isSpare ? 1 : 0,
            broker.leadersOfTopic,
            broker.replicasOfTopic,
            broker.leaders,
            broker.replicas,
            distance(index % brokers.size(), broker)
        });
        List<Broker> chosen = new ArrayList<>(List.of(leader));
        while (chosen.size() < replicationFactor) {
            chosen.add(follower(chosen, leader.id));
        }
        return chosen.stream().map(broker -> broker.id).toList();
    }

    /** The best one to follow in a partition beside those that were chosen before. */
    private Broker follower(List<Broker> chosen, int leaderId) {
        int leader =
                Math.max(0, brokers.stream().map(broker -> broker.id).toList().indexOf(leaderId));
        return least(chosen, broker -> new long[] {
            broker.isSpare ? 1 : 0,
            chosen.stream()
                    .filter(other -> Objects.equals(other.rack, broker.rack))
                    .count(),
            broker.replicasOfTopic,
            broker.following.getOrDefault(leaderId, 0),
            broker.replicas,
            distance(leader, broker)
        });
    }

    /** The one whose costs are least, the first cost being the weightiest. */
    private Broker least(List<Broker> excluded, Function<Broker, long[]> costs) {
        Broker least = null;
        long[] leastCosts = {};
        for (Broker broker : brokers) {
            if (excluded.contains(broker)) {
                continue;
            }
            long[] itsCosts = costs.apply(broker);
            if (least == null || Arrays.compare(itsCosts, leastCosts) < 0) {
                least = broker;
                leastCosts = itsCosts;
            }
        }
        return Objects.requireNonNull(least);
    }

    /** How far a broker is behind a place in the ring of all, so that ties go round. */
    private int distance(int from, Broker broker) {
        return Math.floorMod(brokers.indexOf(broker) - from, brokers.size());
    }

    /**
     * Refuses an assignment that names brokers that are not registered, or one twice, or unequal numbers of them.
     *
     * @param assignment the replicas of each partition
     * @param replicationFactor how many replicas the partitions have that the topic has already; -1 for a new topic
     */
    static void requireAssignment(Situation situation, List<List<Integer>> assignment, int replicationFactor) {
        int factor = replicationFactor == -1 ? assignment.get(0).size() : replicationFactor;
        List<Integer> registered =
                situation.brokers().registered().stream().map(BrokerState::id).toList();
        for (List<Integer> replicas : assignment) {
            boolean valid = !replicas.isEmpty()
                    && registered.containsAll(replicas)
                    && replicas.stream().distinct().count() == replicas.size()
                    && replicas.size() == factor;
            if (!valid) {
                throw refused(
                        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                        "Replicas " + replicas + " are not distinct live brokers of " + registered
                                + ", as many for every partition.");
            }
        }
    }

    /**
     * New partitions with these replicas: in sync are those that are active, and the first of them leads.
     *
     * @param first number of the first of them
     * @param minInSync their {@code min.insync.replicas}
     * @throws RequestException with INVALID_REPLICA_ASSIGNMENT when a partition has no active one
     */
    static List<PartitionImage> partitions(
            Situation situation, int first, List<List<Integer>> assignment, int minInSync) {
        List<PartitionImage> partitions = new ArrayList<>(assignment.size());
        for (List<Integer> replicas : assignment) {
            List<Integer> isr =
                    replicas.stream().filter(situation.brokers()::isActive).toList();
            if (isr.isEmpty()) {
                throw refused(
                        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                        "None of the replicas " + replicas + " can lead: all are fenced or shutting down.");
            }
            PartitionState state = PartitionState.first(isr.get(0), isr, minInSync);
            partitions.add(PartitionImage.first(first + partitions.size(), replicas, state));
        }
        return partitions;
    }

    private static RequestException refused(ErrorCode error, String message) {
        return new RequestException(error, message);
    }
}
