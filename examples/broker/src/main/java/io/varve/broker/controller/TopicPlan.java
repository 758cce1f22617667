// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.config.ConfigKey;
import io.varve.broker.config.ConfigRegistry;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.metadata.TreeLayout;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.TreeOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Decides what creating, enlarging and deleting a topic means for the tree. Pure: images in, operations out. */
final class TopicPlan {

    /** Records are not replicated yet: a second replica would be one in name only. */
    static final int MOST_REPLICAS = 1;

    private static final int MAX_NAME_LENGTH = 249;
    private static final int MAX_PARTITIONS = 100_000;
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9._-]+");

    private TopicPlan() {}

    /** Refuses a name that a topic cannot have, or that exists, or that metrics would confuse with one that exists. */
    static void requireNewName(String name, ClusterImage image) {
        requireName(name);
        if (image.topic(name) != null) {
            throw existing(name);
        }
        String confusable = name.replace('.', '_');
        for (TopicImage topic : image.topics()) {
            if (topic.name().replace('.', '_').equals(confusable)) {
                throw refused(
                        ErrorCode.INVALID_TOPIC_EXCEPTION,
                        "Topic '" + name + "' collides with existing topic '" + topic.name()
                                + "': they differ only in '.' and '_'.");
            }
        }
    }

    static RequestException existing(String name) {
        return refused(ErrorCode.TOPIC_ALREADY_EXISTS, "Topic '" + name + "' already exists.");
    }

    /** Refuses a name that a topic cannot have. */
    static void requireName(String name) {
        boolean valid = !name.isEmpty()
                && name.length() <= MAX_NAME_LENGTH
                && !name.equals(".")
                && !name.equals("..")
                && NAME.matcher(name).matches();
        if (!valid) {
            throw refused(
                    ErrorCode.INVALID_TOPIC_EXCEPTION,
                    "Topic name '" + name + "' is invalid: it must have 1 to " + MAX_NAME_LENGTH
                            + " of the characters a-z, A-Z, 0-9, '.', '_' and '-', and not be '.' or '..'.");
        }
    }

    /** Refuses configurations that the registry does not know or whose values are out of range. */
    static void requireConfig(Map<String, String> config) {
        config.forEach((name, value) -> {
            ConfigKey key = ConfigRegistry.topic().find(name);
            if (key == null && ConfigRegistry.topic().ignoredReason(name) == null) {
                String nearest = ConfigRegistry.topic().nearest(name);
                throw refused(
                        ErrorCode.INVALID_CONFIG,
                        "Unknown topic config name: " + name
                                + (nearest == null ? "" : "; the nearest known name is " + nearest));
            }
            if (key != null) {
                requireValue(key, value);
            }
        });
    }

    static void requireValue(ConfigKey key, String value) {
        try {
            key.parse(value);
        } catch (IllegalArgumentException e) {
            throw refused(
                    ErrorCode.INVALID_CONFIG,
                    "Invalid value " + value + " for configuration " + key.name() + ": " + e.getMessage());
        }
    }

    /** Deals the replicas of new partitions out over the brokers, in turn. */
    static List<List<Integer>> assign(ClusterImage image, int first, int partitions, int replicationFactor) {
        List<Integer> brokers = image.brokers().stream().map(BrokerImage::id).toList();
        if (partitions < 1 || partitions > MAX_PARTITIONS) {
            throw refused(
                    ErrorCode.INVALID_PARTITIONS,
                    "Number of partitions was " + partitions + "; it must be between 1 and " + MAX_PARTITIONS + ".");
        }
        if (replicationFactor < 1 || replicationFactor > brokers.size()) {
            throw refused(
                    ErrorCode.INVALID_REPLICATION_FACTOR,
                    "Replication factor: " + replicationFactor + " larger than available brokers: " + brokers.size()
                            + ", or smaller than 1.");
        }
        requireOneReplica(replicationFactor);
        List<List<Integer>> assignment = new ArrayList<>();
        for (int partition = first; partition < first + partitions; partition++) {
            List<Integer> replicas = new ArrayList<>();
            for (int replica = 0; replica < replicationFactor; replica++) {
                replicas.add(brokers.get((partition + replica) % brokers.size()));
            }
            assignment.add(replicas);
        }
        return assignment;
    }

    private static void requireOneReplica(int replicationFactor) {
        if (replicationFactor > MOST_REPLICAS) {
            throw refused(
                    ErrorCode.INVALID_REPLICATION_FACTOR,
                    "Replication factor: " + replicationFactor
                            + ", but records are not replicated by this version; ask for 1.");
        }
    }

    /** Refuses an assignment that names brokers that do not live, or the same one twice. */
    static void requireAssignment(ClusterImage image, List<List<Integer>> assignment) {
        List<Integer> brokers = image.brokers().stream().map(BrokerImage::id).toList();
        for (List<Integer> replicas : assignment) {
            boolean valid = !replicas.isEmpty()
                    && brokers.containsAll(replicas)
                    && replicas.stream().distinct().count() == replicas.size()
                    && replicas.size() == assignment.get(0).size();
            if (!valid) {
                throw refused(
                        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                        "Replicas " + replicas + " are not distinct live brokers of " + brokers
                                + ", as many for every partition.");
            }
            requireOneReplica(replicas.size());
        }
    }

    static List<TreeOp> create(
            String name, UUID id, List<List<Integer>> assignment, Map<String, String> config, int controllerEpoch) {
        List<TreeOp> operations = new ArrayList<>();
        if (!config.isEmpty()) {
            operations.add(
                    new TreeOp.Create(TreeLayout.topicConfig(name), TreeLayout.config(config), CreateMode.PERSISTENT));
        }
        operations.add(
                new TreeOp.Create(TreeLayout.topic(name), TreeLayout.topic(id, assignment), CreateMode.PERSISTENT));
        operations.add(node(TreeLayout.topic(name) + "/partitions"));
        for (int index = 0; index < assignment.size(); index++) {
            operations.addAll(partition(name, index, assignment.get(index), controllerEpoch));
        }
        return operations;
    }

    static List<TreeOp> enlarge(TopicImage topic, List<List<Integer>> added, int controllerEpoch) {
        List<List<Integer>> assignment = new ArrayList<>();
        topic.partitions().forEach(partition -> assignment.add(partition.replicas()));
        assignment.addAll(added);
        List<TreeOp> operations = new ArrayList<>();
        operations.add(new TreeOp.Set(TreeLayout.topic(topic.name()), TreeLayout.topic(topic.id(), assignment), -1));
        for (int i = 0; i < added.size(); i++) {
            operations.addAll(partition(topic.name(), topic.partitions().size() + i, added.get(i), controllerEpoch));
        }
        return operations;
    }

    private static List<TreeOp> partition(String topic, int index, List<Integer> replicas, int controllerEpoch) {
        PartitionImage partition = new PartitionImage(index, replicas.get(0), 0, replicas, replicas);
        String state = TreeLayout.partitionState(topic, index);
        return List.of(
                node(state.substring(0, state.lastIndexOf('/'))),
                new TreeOp.Create(state, TreeLayout.partitionState(partition, controllerEpoch), CreateMode.PERSISTENT));
    }

    static List<TreeOp> delete(TopicImage topic, boolean hasConfig) {
        List<TreeOp> operations = new ArrayList<>();
        for (PartitionImage partition : topic.partitions()) {
            String state = TreeLayout.partitionState(topic.name(), partition.index());
            operations.add(new TreeOp.Delete(state, -1));
            operations.add(new TreeOp.Delete(state.substring(0, state.lastIndexOf('/')), -1));
        }
        operations.add(new TreeOp.Delete(TreeLayout.topic(topic.name()) + "/partitions", -1));
        operations.add(new TreeOp.Delete(TreeLayout.topic(topic.name()), -1));
        if (hasConfig) {
            operations.add(new TreeOp.Delete(TreeLayout.topicConfig(topic.name()), -1));
        }
        return operations;
    }

    /** A broker has started: the partitions that it leads get a new leader epoch. */
    static List<TreeOp> lead(ClusterImage image, int brokerId, int controllerEpoch) {
        List<TreeOp> operations = new ArrayList<>();
        for (TopicImage topic : image.topics()) {
            for (PartitionImage partition : topic.partitions()) {
                if (partition.leader() == brokerId) {
                    PartitionImage led = new PartitionImage(
                            partition.index(),
                            brokerId,
                            partition.leaderEpoch() + 1,
                            partition.replicas(),
                            partition.isr());
                    operations.add(new TreeOp.Set(
                            TreeLayout.partitionState(topic.name(), partition.index()),
                            TreeLayout.partitionState(led, controllerEpoch),
                            -1));
                }
            }
        }
        return operations;
    }

    static TreeOp node(String path) {
        return new TreeOp.Create(path, new byte[0], CreateMode.PERSISTENT);
    }

    static RequestException refused(ErrorCode error, @Nullable String message) {
        return new RequestException(error, String.valueOf(message));
    }
}
