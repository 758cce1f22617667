// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.config.ConfigKey;
import io.varve.broker.config.ConfigRegistry;
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
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Decides what creating, enlarging and deleting a topic means for the tree. Pure: images in, operations out. */
final class TopicPlan {

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

    /** Refuses a number of partitions that no topic can have. */
    static void requirePartitions(int partitions) {
        if (partitions < 1 || partitions > MAX_PARTITIONS) {
            throw refused(
                    ErrorCode.INVALID_PARTITIONS,
                    "Number of partitions was " + partitions + "; it must be between 1 and " + MAX_PARTITIONS + ".");
        }
    }

    static List<TreeOp> create(TopicImage topic, Map<String, String> config, int controllerEpoch) {
        List<TreeOp> operations = new ArrayList<>();
        String path = TreeLayout.topic(topic.name());
        if (!config.isEmpty()) {
            operations.add(new TreeOp.Create(
                    TreeLayout.topicConfig(topic.name()), TreeLayout.config(config), CreateMode.PERSISTENT));
        }
        operations.add(new TreeOp.Create(path, topicNode(topic), CreateMode.PERSISTENT));
        operations.add(node(path + "/partitions"));
        topic.partitions().forEach(partition -> operations.addAll(partition(topic.name(), partition, controllerEpoch)));
        return operations;
    }

    static List<TreeOp> enlarge(TopicImage topic, List<PartitionImage> added, int controllerEpoch) {
        List<PartitionImage> partitions = new ArrayList<>(topic.partitions());
        partitions.addAll(added);
        List<TreeOp> operations = new ArrayList<>();
        TopicImage enlarged = new TopicImage(topic.name(), topic.id(), partitions);
        operations.add(new TreeOp.Set(TreeLayout.topic(topic.name()), topicNode(enlarged), -1));
        added.forEach(partition -> operations.addAll(partition(topic.name(), partition, controllerEpoch)));
        return operations;
    }

    /** What a topic's node says. */
    static byte[] topicNode(TopicImage topic) {
        return TreeLayout.topic(
                topic.id(),
                topic.partitions().stream().map(PartitionImage::assignment).toList());
    }

    private static List<TreeOp> partition(String topic, PartitionImage partition, int controllerEpoch) {
        String state = TreeLayout.partitionState(topic, partition.index());
        return List.of(
                node(state.substring(0, state.lastIndexOf('/'))),
                new TreeOp.Create(
                        state, TreeLayout.partitionState(partition.state(), controllerEpoch), CreateMode.PERSISTENT));
    }

    /**
     * Deletes a topic at once, whatever its partitions are at: brokers that are away meanwhile find that the image has no topic of this id
     * when they return, and delete what they have of it.
     */
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

    static TreeOp node(String path) {
        return new TreeOp.Create(path, new byte[0], CreateMode.PERSISTENT);
    }

    static RequestException refused(ErrorCode error, @Nullable String message) {
        return new RequestException(error, String.valueOf(message));
    }
}
