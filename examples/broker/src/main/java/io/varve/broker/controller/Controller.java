// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.config.ConfigRegistry;
import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.metadata.TreeLayout;
import io.varve.broker.partition.Partitions;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreeResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controller: the only writer of topics and partition state.
 *
 * <p>A change is planned on an image, written as one multi that also checks the controller's epoch, and done when this broker's image
 * and partitions have followed. So a client that was answered finds what it created.
 *
 * <p>Threading: safe.
 */
public final class Controller {

    private static final Logger LOG = LoggerFactory.getLogger(Controller.class);
    private static final int PRODUCER_IDS_PER_BLOCK = 1000;

    private final int nodeId;
    private final Coordinator coordinator;
    private final ImageFollower follower;
    private final Partitions partitions;
    private final ConfigValues values;
    private volatile int epoch;
    private volatile int epochVersion;
    private CompletionStage<?> last = CompletableFuture.completedFuture(null);

    public Controller(
            int nodeId, Coordinator coordinator, ImageFollower follower, Partitions partitions, ConfigValues values) {
        this.nodeId = nodeId;
        this.coordinator = coordinator;
        this.follower = follower;
        this.partitions = partitions;
        this.values = values;
    }

    /** Lays the nodes that stand in every cluster, all at once, unless they are there. */
    public CompletionStage<Void> prepare(String clusterId) {
        List<TreeOp> operations = new ArrayList<>();
        TreeLayout.PERSISTENT.forEach(path -> operations.add(TopicPlan.node(path)));
        operations.add(
                new TreeOp.Create(TreeLayout.CLUSTER_ID, TreeLayout.clusterId(clusterId), CreateMode.PERSISTENT));
        operations.add(new TreeOp.Create(TreeLayout.CONTROLLER_EPOCH, text(0), CreateMode.PERSISTENT));
        return coordinator
                .get(TreeLayout.CONTROLLER_EPOCH)
                .handle((node, failure) -> failure)
                .thenCompose(failure -> {
                    if (failure == null) {
                        return CompletableFuture.<Void>completedFuture(null);
                    }
                    return is(failure, NoNodeException.class)
                            ? coordinator.multi(operations).thenAccept(results -> {})
                            : CompletableFuture.<Void>failedFuture(failure);
                });
    }

    private static boolean is(Throwable failure, Class<? extends Throwable> type) {
        return type.isInstance(failure) || type.isInstance(failure.getCause());
    }

    /** Becomes the controller: takes the next epoch and the ephemeral node in one step. */
    public CompletionStage<Void> elect() {
        return coordinator.get(TreeLayout.CONTROLLER_EPOCH).thenCompose(node -> {
            int next = Integer.parseInt(new String(node.data(), StandardCharsets.UTF_8)) + 1;
            List<TreeOp> operations = List.of(
                    new TreeOp.Set(
                            TreeLayout.CONTROLLER_EPOCH, text(next), node.stat().version()),
                    new TreeOp.Create(
                            TreeLayout.CONTROLLER,
                            TreeLayout.controller(nodeId, System.currentTimeMillis()),
                            CreateMode.EPHEMERAL));
            return coordinator.multi(operations).thenAccept(results -> {
                epoch = next;
                epochVersion = ((TreeResult.DataSet) results.get(0)).stat().version();
                LOG.info("Elected: nodeId={}, controllerEpoch={}", nodeId, next);
            });
        });
    }

    private static byte[] text(int number) {
        return Integer.toString(number).getBytes(StandardCharsets.UTF_8);
    }

    /** Tells the cluster that a broker lives. */
    public CompletionStage<Void> register(BrokerImage broker) {
        return coordinator
                .create(
                        TreeLayout.BROKER_IDS + "/" + broker.id(),
                        TreeLayout.broker(broker, System.currentTimeMillis()),
                        CreateMode.EPHEMERAL)
                .thenCompose(path -> follower.settled())
                .thenAccept(image -> LOG.info("Registered: broker={}", broker));
    }

    /** A broker has started: it leads its partitions with new epochs. */
    public CompletionStage<Void> lead(int brokerId) {
        List<TreeOp> operations = TopicPlan.lead(follower.image(), brokerId, epoch);
        return operations.isEmpty() ? CompletableFuture.completedFuture(null) : write(operations);
    }

    /**
     * A topic to be created.
     *
     * @param partitions -1 for as many as configured
     * @param replicationFactor -1 for as many as configured
     * @param assignment the replicas of each partition; empty to let the controller decide
     */
    public record NewTopic(
            String name,
            int partitions,
            int replicationFactor,
            List<List<Integer>> assignment,
            Map<String, String> config) {}

    /** Creates a topic, or only says whether it could. Fails with a {@link RequestException} when it cannot be. */
    public CompletionStage<TopicImage> createTopic(NewTopic topic, boolean validateOnly) {
        return inTurn(() -> {
            ClusterImage image = follower.image();
            TopicPlan.requireNewName(topic.name(), image);
            TopicPlan.requireConfig(topic.config());
            List<List<Integer>> assignment = assignment(topic, image);
            UUID id = UUID.randomUUID();
            TopicImage planned = new TopicImage(topic.name(), id, planned(assignment));
            if (validateOnly) {
                return CompletableFuture.completedFuture(planned);
            }
            LOG.info("Creating topic: topic={}, topicId={}, assignment={}", topic.name(), id, assignment);
            return write(TopicPlan.create(topic.name(), id, assignment, topic.config(), epoch))
                    .thenApply(nothing -> planned);
        });
    }

    private static List<PartitionImage> planned(List<List<Integer>> assignment) {
        List<PartitionImage> partitions = new ArrayList<>();
        for (List<Integer> replicas : assignment) {
            partitions.add(new PartitionImage(partitions.size(), replicas.get(0), 0, replicas, replicas));
        }
        return partitions;
    }

    private List<List<Integer>> assignment(NewTopic topic, ClusterImage image) {
        if (!topic.assignment().isEmpty()) {
            TopicPlan.requireAssignment(image, topic.assignment());
            return topic.assignment();
        }
        int count = topic.partitions() == -1 ? values.intValue("num.partitions") : topic.partitions();
        int factor = topic.replicationFactor() == -1
                ? Math.min(
                        values.intValue("default.replication.factor"),
                        Math.max(1, image.brokers().size()))
                : topic.replicationFactor();
        return TopicPlan.assign(image, 0, count, factor);
    }

    /** Refuses a name that a topic cannot have. */
    public static void requireName(String name) {
        TopicPlan.requireName(name);
    }

    /** Deletes a topic. */
    public CompletionStage<Void> deleteTopic(TopicImage topic) {
        return inTurn(() -> {
            ClusterImage image = follower.image();
            TopicImage current = image.topic(topic.id());
            if (current == null) {
                throw new RequestException(
                        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "Topic '" + topic.name() + "' does not exist.");
            }
            LOG.info("Deleting topic: topic={}, topicId={}", topic.name(), topic.id());
            return write(TopicPlan.delete(current, image.hasTopicConfig(topic.name())));
        });
    }

    /** Gives a topic more partitions; {@code added} may be empty to let the controller decide where. */
    public CompletionStage<Void> createPartitions(
            String name, int count, List<List<Integer>> added, boolean validateOnly) {
        return inTurn(() -> {
            ClusterImage image = follower.image();
            TopicImage topic = image.topic(name);
            if (topic == null) {
                throw new RequestException(
                        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "Topic '" + name + "' does not exist.");
            }
            int present = topic.partitions().size();
            if (count <= present) {
                throw new RequestException(
                        ErrorCode.INVALID_PARTITIONS,
                        count == present
                                ? "Topic already has " + present + " partition(s)."
                                : "The topic " + name + " currently has " + present + " partition(s); " + count
                                        + " would not be an increase.");
            }
            List<List<Integer>> assignment = added;
            if (added.isEmpty()) {
                int factor = topic.partitions().get(0).replicas().size();
                assignment = TopicPlan.assign(image, present, count - present, factor);
            } else if (added.size() != count - present) {
                throw new RequestException(
                        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                        "Increasing the number of partitions by " + (count - present) + " but " + added.size()
                                + " assignments provided.");
            } else {
                TopicPlan.requireAssignment(image, added);
            }
            return validateOnly
                    ? CompletableFuture.completedFuture(null)
                    : write(TopicPlan.enlarge(topic, assignment, epoch));
        });
    }

    /** Changes what is set for a topic. */
    public CompletionStage<Void> alterTopicConfig(String name, List<ConfigPlan.Change> changes, boolean validateOnly) {
        return inTurn(() -> {
            ClusterImage image = follower.image();
            if (image.topic(name) == null) {
                throw new RequestException(
                        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "Topic '" + name + "' does not exist.");
            }
            Map<String, String> before = image.topicConfig(name);
            ConfigValues inForce = values.withDynamic(image.defaultBrokerConfig(), image.brokerConfig(nodeId))
                    .forTopic(before);
            Map<String, String> after =
                    ConfigPlan.apply(ConfigRegistry.topic(), before, changes, key -> inForce.describe(key)
                            .value());
            return validateOnly
                    ? CompletableFuture.completedFuture(null)
                    : put(TreeLayout.topicConfig(name), after, image.hasTopicConfig(name));
        });
    }

    /** Changes what is set for a broker, or with {@link TreeLayout#DEFAULT_ENTITY} for all of them. */
    public CompletionStage<Void> alterBrokerConfig(String id, List<ConfigPlan.Change> changes, boolean validateOnly) {
        return inTurn(() -> {
            ClusterImage image = follower.image();
            Map<String, String> before = image.brokerConfigs(id);
            Map<String, String> after =
                    ConfigPlan.apply(ConfigRegistry.broker(), before, changes, key -> values.describe(key)
                            .value());
            return validateOnly
                    ? CompletableFuture.completedFuture(null)
                    : put(TreeLayout.brokerConfig(id), after, image.hasBrokerConfigs(id));
        });
    }

    private CompletionStage<Void> put(String path, Map<String, String> config, boolean exists) {
        LOG.info("Changing configuration: path={}, config={}", path, config);
        byte[] data = TreeLayout.config(config);
        return write(List.of(
                exists ? new TreeOp.Set(path, data, -1) : new TreeOp.Create(path, data, CreateMode.PERSISTENT)));
    }

    /**
     * Takes a block of producer ids that nobody else ever gets.
     *
     * @return the first id of the block, which has {@value #PRODUCER_IDS_PER_BLOCK}
     */
    public CompletionStage<Long> allocateProducerIds() {
        return inTurn(() -> coordinator
                .get(TreeLayout.PRODUCER_IDS)
                .handle((node, failure) -> {
                    if (failure == null) {
                        return TreeLayout.parseProducerIdsEnd(node.data()) + 1;
                    }
                    if (is(failure, NoNodeException.class)) {
                        return -1L;
                    }
                    throw failure instanceof RuntimeException runtime ? runtime : new IllegalStateException(failure);
                })
                .thenCompose(next -> {
                    long first = Math.max(0, next);
                    byte[] data = TreeLayout.producerIds(nodeId, first, first + PRODUCER_IDS_PER_BLOCK - 1);
                    TreeOp operation = next < 0
                            ? new TreeOp.Create(TreeLayout.PRODUCER_IDS, data, CreateMode.PERSISTENT)
                            : new TreeOp.Set(TreeLayout.PRODUCER_IDS, data, -1);
                    return write(List.of(operation)).thenApply(nothing -> first);
                }));
    }

    /** Number of ids in a block. */
    public static int producerIdsPerBlock() {
        return PRODUCER_IDS_PER_BLOCK;
    }

    private CompletionStage<Void> write(List<TreeOp> operations) {
        List<TreeOp> fenced = new ArrayList<>(operations.size() + 1);
        fenced.add(new TreeOp.Check(TreeLayout.CONTROLLER_EPOCH, epochVersion));
        fenced.addAll(operations);
        return coordinator
                .multi(fenced)
                .thenCompose(results -> follower.settled())
                .thenCompose(image -> partitions.settled());
    }

    /** One change after the other: each is planned on the image that the one before has left. */
    private synchronized <T> CompletionStage<T> inTurn(Supplier<CompletionStage<T>> change) {
        CompletionStage<T> next = last.handle((result, failure) -> result).thenCompose(previous -> change.get());
        last = next;
        return next;
    }
}
