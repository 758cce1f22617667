// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import io.varve.broker.controller.BalancePlan;
import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.PartitionState;
import io.varve.broker.metadata.Successors;
import io.varve.broker.metadata.TopicImage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.PartitionReassignment;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.jspecify.annotations.Nullable;

/**
 * What lies where in a cluster, as its brokers tell.
 *
 * <p>Threading: immutable.
 */
final class ClusterShape {

    /** The key that names the brokers to be emptied. */
    static final String DRAINING = "draining.brokers";

    /** Enough for one without a move that ends meanwhile, in a cluster that moves all the time. */
    private static final int MOST_LOOKS = 50;

    private static final String RATIO = "auto.balance.ratio";

    private final ClusterImage image;
    private final Set<Integer> draining;
    private final double ratio;

    /** Bytes of each replica, by its broker. */
    private final Map<TopicPartition, Map<Integer, Long>> sizes;

    private ClusterShape(
            ClusterImage image, Set<Integer> draining, double ratio, Map<TopicPartition, Map<Integer, Long>> sizes) {
        this.image = image;
        this.draining = draining;
        this.ratio = ratio;
        this.sizes = sizes;
    }

    static ClusterShape read(Admin admin) throws InterruptedException, ExecutionException {
        final Collection<Node> nodes = admin.describeCluster().nodes().get();
        final Set<String> names = admin.listTopics(new ListTopicsOptions().listInternal(true))
                .names()
                .get();
        final Config config = config(admin, nodes);
        return new ClusterShape(
                image(nodes, admin, names),
                draining(config),
                Double.parseDouble(config.get(RATIO).value()),
                sizes(admin, nodes));
    }

    private static Config config(Admin admin, Collection<Node> nodes) throws InterruptedException, ExecutionException {
        final int any = nodes.iterator().next().id();
        final ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, Integer.toString(any));
        final Config config = admin.describeConfigs(List.of(broker)).all().get().get(broker);
        if (config == null || config.get(RATIO) == null) {
            throw new CommandFailure(
                    CommandFailure.FAILED, "the brokers do not balance by themselves: they are no Varve brokers");
        }
        return config;
    }

    private static Set<Integer> draining(Config config) {
        final Set<Integer> ids = new TreeSet<>();
        for (String id : config.get(DRAINING).value().split(",", -1)) {
            if (!id.isBlank()) {
                ids.add(Integer.valueOf(id.strip()));
            }
        }
        return ids;
    }

    private static Map<TopicPartition, Map<Integer, Long>> sizes(Admin admin, Collection<Node> nodes)
            throws InterruptedException, ExecutionException {
        final Map<TopicPartition, Map<Integer, Long>> sizes = new HashMap<>();
        final Map<Integer, Map<String, LogDirDescription>> directories = admin.describeLogDirs(
                        nodes.stream().map(Node::id).toList())
                .allDescriptions()
                .get();
        directories.forEach((broker, found) -> found.values()
                .forEach(directory -> directory.replicaInfos().forEach((id, replica) -> sizes.computeIfAbsent(
                                id, none -> new TreeMap<>())
                        .put(broker, replica.size()))));
        return sizes;
    }

    /**
     * Topics and moves are told by two answers. When a move ends between them, a partition seems to be meant to have the replicas of both its
     * places; so it is looked whether it still has what it had.
     */
    private static ClusterImage image(Collection<Node> nodes, Admin admin, Set<String> names)
            throws InterruptedException, ExecutionException {
        Map<String, TopicDescription> topics =
                admin.describeTopics(names).allTopicNames().get();
        for (int looks = 1; ; looks++) {
            final Map<TopicPartition, PartitionReassignment> moves =
                    admin.listPartitionReassignments().reassignments().get();
            final Map<String, TopicDescription> later =
                    admin.describeTopics(names).allTopicNames().get();
            if (looks == MOST_LOOKS || isUnmoved(topics, later, moves.keySet())) {
                return image(nodes, later, moves);
            }
            topics = later;
        }
    }

    private static boolean isUnmoved(
            Map<String, TopicDescription> before, Map<String, TopicDescription> after, Set<TopicPartition> moving) {
        return after.entrySet().stream().allMatch(topic -> topic.getValue().partitions().stream()
                .allMatch(partition -> moving.contains(new TopicPartition(topic.getKey(), partition.partition()))
                        || ids(partition.replicas())
                                .equals(replicas(before.get(topic.getKey()), partition.partition()))));
    }

    private static List<Integer> replicas(@Nullable TopicDescription topic, int index) {
        return topic == null || index >= topic.partitions().size()
                ? List.of()
                : ids(topic.partitions().get(index).replicas());
    }

    private static ClusterImage image(
            Collection<Node> nodes,
            Map<String, TopicDescription> topics,
            Map<TopicPartition, PartitionReassignment> moves) {
        final List<BrokerImage> brokers = new ArrayList<>();
        for (Node node : nodes) {
            brokers.add(new BrokerImage(
                    node.id(), 0, List.of(new BrokerImage.Endpoint("", "", node.host(), node.port())), node.rack()));
        }
        brokers.sort(Comparator.comparingInt(BrokerImage::id));
        final Map<String, TopicImage> images = new TreeMap<>();
        topics.forEach((name, topic) -> {
            final List<PartitionImage> partitions = new ArrayList<>();
            for (TopicPartitionInfo partition : topic.partitions()) {
                partitions.add(partition(partition, moves.get(new TopicPartition(name, partition.partition()))));
            }
            images.put(name, new TopicImage(name, uuid(topic), partitions));
        });
        return ClusterImage.EMPTY.with("", ClusterImage.NOBODY, brokers, 0).withTopics(images, 0);
    }

    private static UUID uuid(TopicDescription topic) {
        return new UUID(
                topic.topicId().getMostSignificantBits(), topic.topicId().getLeastSignificantBits());
    }

    private static PartitionImage partition(TopicPartitionInfo partition, @Nullable PartitionReassignment move) {
        final Node leader = partition.leader();
        final List<Integer> replicas = ids(partition.replicas());
        return new PartitionImage(
                partition.partition(),
                move == null
                        ? Assignment.of(replicas)
                        : new Assignment(move.replicas(), move.addingReplicas(), move.removingReplicas()),
                new PartitionState(
                        leader == null || leader.isEmpty() ? ClusterImage.NOBODY : leader.id(),
                        0,
                        ids(partition.isr()),
                        Successors.NONE,
                        1,
                        false),
                0);
    }

    private static List<Integer> ids(List<Node> nodes) {
        return nodes.stream().map(Node::id).toList();
    }

    ClusterImage image() {
        return image;
    }

    /** Brokers that are to be emptied. */
    Set<Integer> draining() {
        return draining;
    }

    /** Whether a broker of this number runs. */
    boolean isRunning(int brokerId) {
        return image.broker(brokerId) != null;
    }

    /** The brokers that run, are draining or have something, by their numbers. */
    Set<Integer> brokers() {
        final Set<Integer> ids = new TreeSet<>(draining);
        image.brokers().forEach(broker -> ids.add(broker.id()));
        image.topics().forEach(topic -> topic.partitions().forEach(partition -> ids.addAll(partition.replicas())));
        return ids;
    }

    /** Bytes of the replica that a broker has, 0 when it does not say. */
    long size(String topic, int index, int brokerId) {
        return sizes.getOrDefault(new TopicPartition(topic, index), Map.of()).getOrDefault(brokerId, 0L);
    }

    /** Bytes of the leader's replica; of the largest when nobody leads. */
    private long size(io.varve.broker.partition.TopicPartition id) {
        final TopicImage topic = image.topic(id.topic());
        final PartitionImage partition = topic == null ? null : topic.partition(id.index());
        final Map<Integer, Long> replicas = sizes.getOrDefault(new TopicPartition(id.topic(), id.index()), Map.of());
        final long largest =
                replicas.values().stream().mapToLong(Long::longValue).max().orElse(0);
        return partition == null ? largest : replicas.getOrDefault(partition.leader(), largest);
    }

    /** What the controller would do about it. */
    BalancePlan plan() {
        return BalancePlan.of(image, draining, this::size, ratio);
    }

    /** How much of a move is copied, percent: of the replica that has the least. */
    int copiedPercent(BalancePlan.Move move) {
        final long whole = size(move.partition());
        final long least = move.to().stream()
                .filter(id -> !move.from().contains(id))
                .mapToLong(id -> size(move.partition().topic(), move.partition().index(), id))
                .min()
                .orElse(whole);
        return whole == 0 ? 100 : (int) Math.min(100, 100 * least / whole);
    }

    /** How many replicas a broker has. */
    int replicas(int brokerId) {
        return count(partition -> partition.replicas().contains(brokerId));
    }

    /** How many partitions a broker leads. */
    int leaders(int brokerId) {
        return count(partition -> partition.leader() == brokerId);
    }

    private int count(Predicate<PartitionImage> condition) {
        return (int) image.topics().stream()
                .flatMap(topic -> topic.partitions().stream())
                .filter(condition)
                .count();
    }

    /** Bytes of all replicas that a broker has. */
    long bytes(int brokerId) {
        return sizes.values().stream()
                .mapToLong(replicas -> replicas.getOrDefault(brokerId, 0L))
                .sum();
    }
}
