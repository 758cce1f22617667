// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.Partitions;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.TreeOp;
import io.varve.replication.partition.Durability;
import io.varve.replication.partition.LastEnd;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
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

    private final int nodeId;
    private final Coordinator coordinator;
    private final ImageFollower follower;

    /** Completes when what the image says is done to the partitions here. */
    private final Supplier<CompletionStage<Void>> settled;

    private final ConfigValues values;
    private final Situations situations;
    private final PartitionWriter writer;
    private final Turns turns = new Turns();
    private final ControllerElection election;
    private final PartitionSizes sizes;
    private final ControllerLoop loop;
    private final BrokerRegistration registration;

    /** What the cluster is told of this broker; null before that. */
    private volatile @Nullable BrokerImage self;

    private final AtomicBoolean isGivingUp = new AtomicBoolean();
    private volatile boolean isLeaving;

    public Controller(
            int nodeId, Coordinator coordinator, ImageFollower follower, Partitions partitions, ConfigValues values) {
        this(nodeId, coordinator, follower, partitions::settled, values);
    }

    Controller(
            int nodeId,
            Coordinator coordinator,
            ImageFollower follower,
            Supplier<CompletionStage<Void>> settled,
            ConfigValues values) {
        this.nodeId = nodeId;
        this.coordinator = coordinator;
        this.follower = follower;
        this.settled = settled;
        this.values = values;
        this.situations = new Situations(follower, values);
        this.writer = new PartitionWriter(coordinator, follower, situations);
        this.election = new ControllerElection(nodeId, coordinator, this::onElected);
        this.sizes = new PartitionSizes(nodeId, coordinator, follower);
        this.loop = new ControllerLoop(election, turns, writer, balancing(values));
        // Twice as long as a session that nobody hears is kept.
        this.registration =
                new BrokerRegistration(coordinator, nodeId, 2L * values.intValue("zookeeper.session.timeout.ms"));
    }

    private ControllerLoop.Balancing balancing(ConfigValues values) {
        BalanceDuty duty = new BalanceDuty(
                new BalancePlan.Aim(values.doubleValue("auto.balance.ratio")),
                new BalancePlan.Throttle(
                        values.intValue("auto.balance.moves"), values.longValue("auto.balance.bytes")));
        return new ControllerLoop.Balancing(sizes, duty, values.booleanValue("auto.balance.enable"));
    }

    /** What its predecessor has left may be much, and no image need come for it. */
    private void onElected() {
        loop.onImage(follower.image(), follower.image());
    }

    /**
     * Becomes the controller unless there is one, now and whenever the image shows none. If it does now, it has done all that waited for
     * a controller when the stage completes.
     */
    public CompletionStage<Void> elect() {
        return follower.listen(election)
                .thenCompose(nothing -> follower.listen(loop))
                .thenCompose(nothing -> election.stand())
                .thenCompose(nothing -> loop.look())
                .thenCompose(nothing -> settled.get());
    }

    /** Completes when no other session, as one of an earlier run, has registered this broker; fails when one does not go away. */
    public CompletionStage<Void> awaitUnregistered() {
        return registration.awaitFree();
    }

    /** Tells the cluster that this broker lives, once {@link #awaitUnregistered} lets it. */
    public CompletionStage<Void> register(BrokerImage broker) {
        self = broker;
        return registration.register(isLeaving ? broker.shuttingDown() : broker);
    }

    /**
     * After a session was lost and another took its place: owns again what the lost one has owned. Leaderships are begun anew, as if the
     * broker had been away, whether the others have noticed or not; it has all its records. To be called when
     * the watch of the image goes on in the new session, since the image must know what has happened meanwhile.
     */
    public CompletionStage<Void> rejoin(BrokerImage broker) {
        election.forget();
        return awaitUnregistered()
                .thenCompose(nothing -> leaveFormerRoles(LastEnd.CLEAN))
                .thenCompose(nothing -> register(broker))
                .thenCompose(nothing -> election.stand());
    }

    /**
     * This broker is about to begin anew: what it led it leads no more, and where it was in sync it is not. To be done before it
     * registers, and before its partitions are opened. Once it has registered, the controller lets it lead where nobody else may.
     *
     * @param lastEnd how its last process has ended
     */
    public CompletionStage<Void> leaveFormerRoles(LastEnd lastEnd) {
        boolean isWhole = lastEnd.keptAll(Durability.WRITTEN);
        if (!isWhole) {
            LOG.warn("This broker may have lost records that it had: nodeId={}, lastEnd={}", nodeId, lastEnd);
        }
        return writer.carryOut(election::current, situation -> BrokerDecisions.returned(situation, nodeId, isWhole));
    }

    /**
     * Lets others take over from this broker as far as they can, unless {@code controlled.shutdown.enable} says no. Completes when that is
     * done, or nothing more can be handed over in the time that the keys of the controlled shutdown give.
     */
    public CompletionStage<Void> shutDown() {
        BrokerImage broker = self;
        if (broker == null || !values.booleanValue("controlled.shutdown.enable")) {
            return CompletableFuture.completedFuture(null);
        }
        isLeaving = true;
        return registration
                .markShuttingDown(broker)
                .thenCompose(nothing -> new Departure(nodeId, writer, situations, election, values).handOver());
    }

    /**
     * Lets others take over from this broker where its logs have failed, as far as they can. Returns at once; to be called again as long as any
     * have.
     *
     * @param failed the partitions
     */
    public void giveUp(Set<TopicPartition> failed) {
        if (failed.isEmpty() || !isGivingUp.compareAndSet(false, true)) {
            return;
        }
        writer.carryOut(election::current, situation -> BrokerDecisions.giveUp(situation, nodeId, failed))
                .whenComplete((nothing, failure) -> {
                    isGivingUp.set(false);
                    if (failure != null) {
                        LOG.warn(
                                "Others cannot take over from failed logs for now: nodeId={}, partitions={}, reason={}",
                                nodeId,
                                failed.size(),
                                Failures.cause(failure).getMessage());
                    }
                });
    }

    /**
     * Gives preferred leaders their partitions back where too many are led by others, if this broker is the controller and {@code
     * auto.leader.rebalance.enable} says so. Returns at once.
     */
    public void balanceLeaders() {
        if (values.booleanValue("auto.leader.rebalance.enable")) {
            int mostPercent = values.intValue("leader.imbalance.per.broker.percentage");
            loop.carryOutInTurn(situation -> LeaderDecisions.balance(situation, mostPercent));
        }
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
        return onSettledImage(() -> create(topic, validateOnly, election.requireOwn()));
    }

    /** Creates a topic for a client that uses it; any broker may, since what does not exist nobody else can be changing. */
    public CompletionStage<TopicImage> createUsedTopic(NewTopic topic) {
        return onSettledImage(() -> election.current().thenCompose(epoch -> create(topic, false, epoch)));
    }

    /** In turn, and knowing all that whoever asks can have seen: other brokers may have shown it more than this one knows. */
    private <T> CompletionStage<T> onSettledImage(Supplier<CompletionStage<T>> change) {
        return turns.take(() -> follower.settled().thenCompose(image -> change.get()));
    }

    private CompletionStage<TopicImage> create(NewTopic topic, boolean validateOnly, ControllerEpoch epoch) {
        Situation situation = situations.present();
        TopicPlan.requireNewName(topic.name(), situation.image());
        TopicPlan.requireConfig(topic.config());
        List<List<Integer>> assignment = assignment(topic, situation);
        TopicRules rules = situations.rules(situation.image(), topic.name(), topic.config());
        List<PartitionImage> partitions = Placement.partitions(situation, 0, assignment, rules.minInSync());
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
            return topic.assignment();
        }
        int count = topic.partitions() == -1 ? values.intValue("num.partitions") : topic.partitions();
        int factor = topic.replicationFactor() == -1
                ? values.intValue("default.replication.factor")
                : topic.replicationFactor();
        TopicPlan.requirePartitions(count);
        return Placement.place(situation, null, count, bounded(topic.name(), factor, situation));
    }

    /** The broker's own topics are created although there are too few brokers: those that are there could do nothing without. */
    private static int bounded(String topic, int factor, Situation situation) {
        int brokers = situation.brokers().registered().size();
        if (!TopicImage.isInternal(topic) || brokers >= factor || brokers == 0) {
            return factor;
        }
        LOG.warn(
                "Fewer brokers than replicas, which the controller adds when there are more: topic={}, replicas={}, brokers={}",
                topic,
                factor,
                brokers);
        return brokers;
    }

    /**
     * Lets leaders be elected: the preferred ones, or with {@code unclean} any where nobody leads.
     *
     * @param ids the partitions, all when empty
     * @return why each one was refused, empty for one that has got its leader
     */
    public CompletionStage<Map<TopicPartition, Optional<RequestException>>> electLeaders(
            Optional<List<TopicPartition>> ids, boolean unclean) {
        return asked(
                () -> ids.orElseGet(this::allPartitions),
                (situation, id) -> Optional.of(
                        unclean
                                ? LeaderDecisions.electUnclean(situation, id)
                                : LeaderDecisions.electPreferred(situation, id)));
    }

    private List<TopicPartition> allPartitions() {
        List<TopicPartition> all = new ArrayList<>();
        for (TopicImage topic : follower.image().topics()) {
            topic.partitions().forEach(partition -> all.add(new TopicPartition(topic.name(), partition.index())));
        }
        return all;
    }

    /**
     * Begins to move partitions to other brokers, or cancels that.
     *
     * @param targets the replicas that each partition is to have, empty to cancel a reassignment that is under way
     * @param mayChangeCount whether a partition may get more or fewer replicas than it has
     * @return why each one was refused, empty for one that was begun or is so already
     */
    public CompletionStage<Map<TopicPartition, Optional<RequestException>>> reassign(
            Map<TopicPartition, Optional<List<Integer>>> targets, boolean mayChangeCount) {
        return asked(targets::keySet, (situation, id) -> {
            Optional<List<Integer>> target = targets.get(id);
            if (target == null || target.isEmpty()) {
                return Optional.of(ReassignmentDecisions.cancel(situation, id));
            }
            return ReassignmentDecisions.begin(situation, id, target.get(), mayChangeCount);
        });
    }

    private CompletionStage<Map<TopicPartition, Optional<RequestException>>> asked(
            Supplier<Collection<TopicPartition>> ids,
            BiFunction<Situation, TopicPartition, Optional<PartitionChange>> decision) {
        return turns.take(() -> {
            election.requireOwn();
            AskedChanges asked = new AskedChanges(ids.get(), decision);
            return writer.carryOut(() -> CompletableFuture.completedFuture(election.requireOwn()), asked)
                    .thenApply(nothing -> asked.results());
        });
    }

    /**
     * Lets brokers have equal shares of bytes and leaders, if this broker is the controller and {@code auto.balance.enable} says so. Returns
     * at once; the moves go on by themselves.
     */
    public void balance() {
        loop.lookAtShares();
    }

    /**
     * Tells how large partitions are. Completes when it is told, or is to be tried again.
     *
     * @param led bytes of the partitions that this broker leads
     */
    public CompletionStage<Void> tellSizes(Map<TopicPartition, Long> led) {
        return sizes.tell(led);
    }

    /** Refuses a name that a topic cannot have. */
    public static void requireName(String name) {
        TopicPlan.requireName(name);
    }

    /** Deletes a topic. */
    public CompletionStage<Void> deleteTopic(TopicImage topic) {
        return onSettledImage(() -> {
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
        return onSettledImage(() -> {
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
            Situation situation = situations.present();
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
            int minInSync = situation.rules().apply(name).minInSync();
            List<PartitionImage> partitions = Placement.partitions(situation, present, assignment, minInSync);
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
                .thenCompose(image -> settled.get());
    }
}
