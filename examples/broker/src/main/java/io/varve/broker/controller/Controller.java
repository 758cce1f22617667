// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.Partitions;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.TreeOp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this broker does to the cluster's state: it registers, is the controller or knows that another is, and changes topics and
 * partitions.
 *
 * <p>The controller alone deletes and enlarges topics, and creates those that administrators ask for. A change is planned on an image, written as one multi that also checks the controller's epoch, and done when this broker's image
 * and partitions have followed. So a client that was answered finds what it created.
 *
 * <p>Threading: safe.
 */
public final class Controller {

    private static final Logger LOG = LoggerFactory.getLogger(Controller.class);

    /** Bounds what one multi of a start has: servers bound the bytes of a request. */
    private static final int MOST_PER_MULTI = 500;

    private final int nodeId;
    private final Coordinator coordinator;
    private final ImageFollower follower;
    private final Partitions partitions;
    private final ConfigValues values;
    private final ControllerElection election;
    private final BrokerRegistration registration;
    private CompletionStage<?> last = CompletableFuture.completedFuture(null);

    public Controller(
            int nodeId, Coordinator coordinator, ImageFollower follower, Partitions partitions, ConfigValues values) {
        this.nodeId = nodeId;
        this.coordinator = coordinator;
        this.follower = follower;
        this.partitions = partitions;
        this.values = values;
        this.election = new ControllerElection(nodeId, coordinator);
        // Twice as long as a session that nobody hears is kept.
        this.registration =
                new BrokerRegistration(coordinator, nodeId, 2L * values.intValue("zookeeper.session.timeout.ms"));
    }

    /** Becomes the controller unless there is one, now and whenever the image shows none. */
    public CompletionStage<Void> elect() {
        return follower.listen(election).thenCompose(nothing -> election.stand());
    }

    /** Completes when no other session, as one of an earlier run, has registered this broker; fails when one does not go away. */
    public CompletionStage<Void> awaitUnregistered() {
        return registration.awaitFree();
    }

    /** Tells the cluster that this broker lives, once {@link #awaitUnregistered} lets it. */
    public CompletionStage<Void> register(BrokerImage broker) {
        return registration.register(broker);
    }

    /** After a session was lost and another took its place: owns again what the lost one has owned. */
    public CompletionStage<Void> rejoin(BrokerImage broker) {
        election.forget();
        return registration.register(broker).thenCompose(nothing -> election.stand());
    }

    /**
     * This broker has started: it leads its partitions with new epochs. It says so itself, since nobody else can lead a partition of one
     * replica.
     */
    public CompletionStage<Void> leadOwn() {
        return follower.settled().thenCompose(image -> election.current()).thenCompose(epoch -> {
            List<PartitionChange> changes = BrokerDecisions.returned(situation(true), nodeId, true);
            CompletionStage<Void> all = CompletableFuture.completedFuture(null);
            for (int from = 0; from < changes.size(); from += MOST_PER_MULTI) {
                List<PartitionChange> some = changes.subList(from, Math.min(changes.size(), from + MOST_PER_MULTI));
                all = all.thenCompose(nothing -> change(epoch, some));
            }
            return all;
        });
    }

    private CompletionStage<Void> change(ControllerEpoch epoch, List<PartitionChange> changes) {
        for (PartitionChange change : changes) {
            if (change.isUnclean()) {
                LOG.warn("{}", change.describe());
            } else {
                LOG.debug("{}", change.describe());
            }
        }
        return write(epoch, PartitionChange.operations(changes, epoch.number()));
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

    /**
     * Creates a topic as an administrator asks, or only says whether it could. Fails with a {@link RequestException} when it cannot be, or
     * when this broker is not the controller.
     */
    public CompletionStage<TopicImage> createTopic(NewTopic topic, boolean validateOnly) {
        return inTurn(() -> create(topic, validateOnly, election.requireOwn()));
    }

    /** Creates a topic for a client that uses it; any broker may, since what does not exist nobody else can be changing. */
    public CompletionStage<TopicImage> createUsedTopic(NewTopic topic) {
        return inTurn(() -> election.current().thenCompose(epoch -> create(topic, false, epoch)));
    }

    private CompletionStage<TopicImage> create(NewTopic topic, boolean validateOnly, ControllerEpoch epoch) {
        Situation situation = situation(false);
        TopicPlan.requireNewName(topic.name(), situation.image());
        TopicPlan.requireConfig(topic.config());
        List<List<Integer>> assignment = assignment(topic, situation);
        List<PartitionImage> partitions = Placement.partitions(situation, 0, assignment);
        TopicImage planned = new TopicImage(topic.name(), UUID.randomUUID(), partitions);
        if (validateOnly) {
            return CompletableFuture.completedFuture(planned);
        }
        LOG.info("Creating topic: topic={}, topicId={}, assignment={}", topic.name(), planned.id(), assignment);
        return write(epoch, TopicPlan.create(planned, topic.config(), epoch.number()))
                .handle((nothing, failure) -> created(planned, failure))
                .thenCompose(result -> result);
    }

    private CompletionStage<TopicImage> created(TopicImage planned, @Nullable Throwable failure) {
        if (failure == null) {
            return CompletableFuture.completedFuture(planned);
        }
        // When another broker was faster, who is told so finds the topic in the image.
        return Failures.is(failure, NodeExistsException.class)
                ? follower.settled().thenApply(image -> {
                    throw TopicPlan.existing(planned.name());
                })
                : CompletableFuture.failedFuture(failure);
    }

    private List<List<Integer>> assignment(NewTopic topic, Situation situation) {
        if (!topic.assignment().isEmpty()) {
            Placement.requireAssignment(situation, topic.assignment(), -1);
            TopicPlan.requireOneReplica(topic.assignment().get(0).size());
            return topic.assignment();
        }
        int count = topic.partitions() == -1 ? values.intValue("num.partitions") : topic.partitions();
        int factor = topic.replicationFactor() == -1 ? TopicPlan.MOST_REPLICAS : topic.replicationFactor();
        TopicPlan.requirePartitions(count);
        List<List<Integer>> assignment = Placement.place(situation, null, count, factor);
        TopicPlan.requireOneReplica(factor);
        return assignment;
    }

    /**
     * What decisions look at.
     *
     * @param isStarting whether this broker is to count as registered, as it will be when it can do its part
     */
    private Situation situation(boolean isStarting) {
        ClusterImage image = follower.image();
        BrokerStates brokers = BrokerStates.of(image);
        if (isStarting) {
            brokers = brokers.with(new BrokerState(nodeId, BrokerImage.UNREGISTERED, null, Standing.ACTIVE));
        }
        ConfigValues cluster = values.withDynamic(image.defaultBrokerConfig(), Map.of());
        Map<String, TopicRules> rules = new HashMap<>();
        return new Situation(
                image,
                brokers,
                name -> rules.computeIfAbsent(name, topic -> {
                    // Nobody but its only replica can lead a partition yet, cleanly or not.
                    return new TopicRules(
                            cluster.forTopic(image.topicConfig(topic)).intValue("min.insync.replicas"), false);
                }));
    }

    /** Refuses a name that a topic cannot have. */
    public static void requireName(String name) {
        TopicPlan.requireName(name);
    }

    /** Deletes a topic. */
    public CompletionStage<Void> deleteTopic(TopicImage topic) {
        return inTurn(() -> {
            ControllerEpoch epoch = election.requireOwn();
            ClusterImage image = follower.image();
            TopicImage current = image.topic(topic.id());
            if (current == null) {
                throw new RequestException(
                        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "Topic '" + topic.name() + "' does not exist.");
            }
            LOG.info("Deleting topic: topic={}, topicId={}", topic.name(), topic.id());
            return write(epoch, TopicPlan.delete(current, image.hasTopicConfig(topic.name())));
        });
    }

    /** Gives a topic more partitions; {@code added} may be empty to let the controller decide where. */
    public CompletionStage<Void> createPartitions(
            String name, int count, List<List<Integer>> added, boolean validateOnly) {
        return inTurn(() -> {
            ControllerEpoch epoch = election.requireOwn();
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
            int factor = topic.partitions().get(0).assignment().target().size();
            Situation situation = situation(false);
            List<List<Integer>> assignment = added;
            if (added.isEmpty()) {
                TopicPlan.requirePartitions(count);
                assignment = Placement.place(situation, topic, count - present, factor);
            } else if (added.size() != count - present) {
                throw new RequestException(
                        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                        "Increasing the number of partitions by " + (count - present) + " but " + added.size()
                                + " assignments provided.");
            } else {
                Placement.requireAssignment(situation, added, factor);
            }
            List<PartitionImage> partitions = Placement.partitions(situation, present, assignment);
            return validateOnly
                    ? CompletableFuture.completedFuture(null)
                    : write(epoch, TopicPlan.enlarge(topic, partitions, epoch.number()));
        });
    }

    private CompletionStage<Void> write(ControllerEpoch epoch, List<TreeOp> operations) {
        List<TreeOp> fenced = new ArrayList<>(operations.size() + 1);
        fenced.add(epoch.fence());
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
