// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.config.ConfigRegistry;
import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.TreeLayout;
import io.varve.broker.partition.Partitions;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import io.varve.coordination.BadVersionException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.TreeOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes what is set for topics and brokers. Every broker may: clients ask any of them. A change is planned on the node itself and
 * written only if that is as it was.
 *
 * <p>Threading: safe.
 */
public final class ConfigWriter {

    private static final Logger LOG = LoggerFactory.getLogger(ConfigWriter.class);

    private final int nodeId;
    private final Coordinator coordinator;
    private final ImageFollower follower;
    private final Partitions partitions;
    private final ConfigValues values;

    public ConfigWriter(
            int nodeId, Coordinator coordinator, ImageFollower follower, Partitions partitions, ConfigValues values) {
        this.nodeId = nodeId;
        this.coordinator = coordinator;
        this.follower = follower;
        this.partitions = partitions;
        this.values = values;
    }

    /** Changes what is set for a topic, or only says whether it could. */
    public CompletionStage<Void> alterTopic(String name, List<ConfigPlan.Change> changes, boolean validateOnly) {
        ClusterImage image = follower.image();
        if (image.topic(name) == null) {
            throw unknown(name);
        }
        ConfigValues broker = values.withDynamic(image.defaultBrokerConfig(), image.brokerConfig(nodeId));
        UnaryOperator<Map<String, String>> change = before -> {
            ConfigValues inForce = broker.forTopic(before);
            return ConfigPlan.apply(ConfigRegistry.topic(), before, changes, key -> inForce.describe(key)
                    .value());
        };
        TreeOp.Check exists = new TreeOp.Check(TreeLayout.topic(name), Coordinator.ANY_VERSION);
        return alter(TreeLayout.topicConfig(name), change, List.of(exists), validateOnly)
                .exceptionally(failure -> {
                    throw Failures.is(failure, NoNodeException.class) ? unknown(name) : Failures.rethrown(failure);
                });
    }

    private static RequestException unknown(String topic) {
        return TopicPlan.refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "Topic '" + topic + "' does not exist.");
    }

    /** Changes what is set for a broker, or with {@link TreeLayout#DEFAULT_ENTITY} for all of them, or only says whether it could. */
    public CompletionStage<Void> alterBroker(String id, List<ConfigPlan.Change> changes, boolean validateOnly) {
        UnaryOperator<Map<String, String>> change =
                before -> ConfigPlan.apply(ConfigRegistry.broker(), before, changes, key -> values.describe(key)
                        .value());
        return alter(TreeLayout.brokerConfig(id), change, List.of(), validateOnly);
    }

    private CompletionStage<Void> alter(
            String path, UnaryOperator<Map<String, String>> change, List<TreeOp> conditions, boolean validateOnly) {
        CompletionStage<TreeOp> plan = plan(path, change);
        if (validateOnly) {
            return plan.thenAccept(operation -> {});
        }
        return plan.thenCompose(operation -> write(conditions, operation))
                .handle((nothing, failure) -> {
                    if (failure == null) {
                        return CompletableFuture.<Void>completedFuture(null);
                    }
                    boolean late = Failures.is(failure, BadVersionException.class)
                            || Failures.is(failure, NodeExistsException.class);
                    return late
                            ? alter(path, change, conditions, false)
                            : CompletableFuture.<Void>failedFuture(failure);
                })
                .thenCompose(next -> next);
    }

    private CompletionStage<TreeOp> plan(String path, UnaryOperator<Map<String, String>> change) {
        return coordinator.get(path).handle((node, failure) -> {
            if (failure != null && !Failures.is(failure, NoNodeException.class)) {
                throw Failures.rethrown(failure);
            }
            Map<String, String> after = change.apply(failure == null ? TreeLayout.parseConfig(node.data()) : Map.of());
            LOG.info("Configuration planned: path={}, config={}", path, after);
            byte[] data = TreeLayout.config(after);
            return failure == null
                    ? new TreeOp.Set(path, data, node.stat().version())
                    : new TreeOp.Create(path, data, CreateMode.PERSISTENT);
        });
    }

    private CompletionStage<Void> write(List<TreeOp> conditions, TreeOp operation) {
        List<TreeOp> all = new ArrayList<>(conditions);
        all.add(operation);
        return coordinator
                .multi(all)
                .thenCompose(results -> follower.settled())
                .thenCompose(image -> partitions.settled());
    }
}
