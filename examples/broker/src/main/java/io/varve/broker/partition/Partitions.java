// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageListener;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.storage.LogDirectories;
import io.varve.log.job.JobRunner;
import io.varve.log.storage.Storage;
import io.varve.replication.partition.BrokerPresence;
import io.varve.replication.partition.Durability;
import io.varve.replication.partition.PartitionState;
import io.varve.replication.partition.ReplicaConfig;
import io.varve.replication.partition.ReplicaRole;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions that this broker has a replica of: opened, told of what the controller decides, reconfigured and deleted as the image of
 * the cluster says.
 *
 * <p>Threading: safe; {@link #onImage} is called by one thread.
 */
public final class Partitions implements ImageListener, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Partitions.class);

    /** Short enough for a flush interval of some tens of milliseconds, long enough for a broker of many logs to be idle. */
    private static final Duration UPKEEP_REST = Duration.ofMillis(20);

    private final int nodeId;
    private final Lanes lanes;
    private final LogDirectories directories;
    private final ConfigValues values;
    private final Peers peers;
    private final Map<TopicPartition, Partition> open = new ConcurrentHashMap<>();
    private final List<PartitionListener> listeners = new CopyOnWriteArrayList<>();
    private final Set<TopicPartition> failed = ConcurrentHashMap.newKeySet();

    /** Flushes, seals, deletes and prepares for all logs, so that no lane waits for the disk. */
    private final JobRunner upkeep = JobRunner.start(
            "varve-upkeep",
            UPKEEP_REST,
            (job, failure) -> LOG.error("A log is not kept up any more: restart the broker", failure));

    /** What is open or being opened; touched by the thread of the images only. */
    private final Map<TopicPartition, Assigned> assigned = new HashMap<>();

    /** The lanes on which partitions are being closed: who is to come back waits behind that on the same one. */
    private final Map<TopicPartition, Closing> closing = new ConcurrentHashMap<>();

    /** The image and the broker epoch that were told last; written by the thread of the images only. */
    private volatile ClusterImage latest = ClusterImage.EMPTY;

    private volatile long brokerEpoch = BrokerImage.UNREGISTERED;

    private final ReplicaMoves moves;

    private volatile CompletableFuture<Void> pending = CompletableFuture.completedFuture(null);

    private record Assigned(UUID topicId, Lane lane) {}

    /** One closing of a partition; equal to no other. */
    private static final class Closing {

        private final Lane lane;

        private Closing(Lane lane) {
            this.lane = lane;
        }
    }

    public Partitions(int nodeId, Lanes lanes, LogDirectories directories, ConfigValues values, Peers peers) {
        this.nodeId = nodeId;
        this.lanes = lanes;
        this.directories = directories;
        this.values = values;
        this.peers = peers;
        this.moves = new ReplicaMoves(values.longValue("replica.alter.log.dirs.io.max.bytes.per.second"));
    }

    /** Adds a listener, which is told of leaderships that begin from now on. */
    public void listen(PartitionListener listener) {
        listeners.add(listener);
    }

    /** A partition that is open here, whether this broker leads it or follows; null when there is none. */
    public @Nullable Partition find(String topic, int index) {
        return open.get(new TopicPartition(topic, index));
    }

    /** Bytes of the logs that this broker leads. */
    public Map<TopicPartition, Long> sizesLed() {
        Map<TopicPartition, Long> sizes = new HashMap<>();
        for (Partition partition : open.values()) {
            if (partition.view().role() == ReplicaRole.LEADER) {
                sizes.put(partition.id(), partition.log().sizeBytes());
            }
        }
        return sizes;
    }

    /** Those whose logs have failed; says of each once that it has. */
    public Set<TopicPartition> failed() {
        Set<TopicPartition> now = open.values().stream()
                .filter(partition -> partition.log().isFailed())
                .map(Partition::id)
                .collect(Collectors.toUnmodifiableSet());
        now.stream()
                .filter(failed::add)
                .forEach(id -> LOG.error(
                        "A log has failed and takes nothing any more, others take over as far as they can; mend the disk and restart"
                                + " the broker: partition={}",
                        id));
        return now;
    }

    /** All partitions that are open. */
    public List<Partition> all() {
        return List.copyOf(open.values());
    }

    /** Names the directories whose topics do not exist, as a crash in the middle of a deletion leaves them. They are left alone. */
    public void warnOfStrays() {
        Set<String> known = new HashSet<>();
        open.keySet().forEach(id -> known.add(id.toString()));
        for (String name : directories.partitionNames()) {
            if (!known.contains(name)) {
                LOG.warn("No topic has this partition; delete its directory when nobody needs it: partition={}", name);
            }
        }
    }

    /** Completes when all that images have asked for so far is done. */
    public CompletionStage<Void> settled() {
        return pending;
    }

    /** Lets every replica do what is due by now; to be called every some tens of milliseconds. */
    public void tick() {
        long nowNs = System.nanoTime();
        open.values().forEach(partition -> partition.tick(nowNs));
    }

    @Override
    public void onImage(ClusterImage before, ClusterImage after) {
        latest = after;
        ImageStep step = new ImageStep(before, after);
        if (step.self != null) {
            brokerEpoch = step.self.epoch();
        }
        Set<TopicPartition> wanted = new HashSet<>();
        for (TopicImage topic : after.topics()) {
            for (PartitionImage partition : topic.partitions()) {
                if (partition.replicas().contains(nodeId)) {
                    TopicPartition id = new TopicPartition(topic.name(), partition.index());
                    wanted.add(id);
                    follow(id, topic, partition, step);
                }
            }
        }
        List<TopicPartition> gone = new ArrayList<>(assigned.keySet());
        gone.removeAll(wanted);
        gone.forEach(id -> release(id));
    }

    /** What an image brings that concerns all partitions. */
    private final class ImageStep {

        private final ClusterImage before;
        private final ClusterImage after;
        private final Map<Integer, BrokerPresence> brokers = new HashMap<>();
        private final @Nullable BrokerPresence self;
        private final boolean changesBrokers;
        private final boolean registers;

        ImageStep(ClusterImage before, ClusterImage after) {
            this.before = before;
            this.after = after;
            this.changesBrokers = !before.brokers().equals(after.brokers());
            after.brokers()
                    .forEach(broker -> brokers.put(
                            broker.id(), new BrokerPresence(broker.epoch(), broker.rack(), !broker.isShuttingDown())));
            this.self = brokers.get(nodeId);
            this.registers = self != null && self.epoch() != brokerEpoch;
        }

        private boolean changes(TopicImage topic) {
            return !topic.equals(before.topic(topic.name()));
        }

        private boolean reconfigures(TopicImage topic) {
            return !after.topicConfig(topic.name()).equals(before.topicConfig(topic.name()))
                    || !after.brokerConfig(nodeId).equals(before.brokerConfig(nodeId))
                    || !after.defaultBrokerConfig().equals(before.defaultBrokerConfig());
        }
    }

    private void follow(TopicPartition id, TopicImage topic, PartitionImage image, ImageStep step) {
        Assigned known = assigned.get(id);
        if (known != null && !known.topicId().equals(topic.id())) {
            release(id);
            known = null;
        }
        long epoch = brokerEpoch;
        if (known == null) {
            Closing former = closing.get(id);
            Lane lane = former == null ? lanes.next() : former.lane;
            assigned.put(id, new Assigned(topic.id(), lane));
            run(lane, () -> {
                PartitionConfig config = config(id.topic(), step.after);
                long highWatermark = directories.highWatermark(id.topic(), id.index());
                tell(open(id, lane, topic.id(), config, highWatermark), image, epoch, step.brokers);
            });
        } else if (step.changesBrokers || step.registers || step.changes(topic) || step.reconfigures(topic)) {
            boolean reconfigures = step.reconfigures(topic);
            run(known.lane(), () -> {
                Partition partition = open.get(id);
                if (partition != null) {
                    PartitionConfig config = config(id.topic(), step.after);
                    if (reconfigures) {
                        partition.reconfigure(config);
                    }
                    tell(partition, image, epoch, step.brokers);
                }
            });
        }
    }

    /**
     * Tells a partition, once the broker is registered. That it leads can only be meant of its present registration: before it registers it
     * ends the leaderships that it had under an earlier one.
     */
    private void tell(Partition partition, PartitionImage image, long epoch, Map<Integer, BrokerPresence> brokers) {
        if (epoch == BrokerImage.UNREGISTERED) {
            return;
        }
        partition.registered(epoch);
        PartitionState state = new PartitionState(
                image.replicas(),
                new TreeSet<>(image.isr()),
                image.leader(),
                image.leader() == nodeId ? epoch : BrokerImage.UNREGISTERED,
                image.leaderEpoch(),
                image.partitionEpoch(),
                image.state().minInSync());
        partition.told(state, brokers);
    }

    private void run(Lane lane, Runnable work) {
        CompletableFuture<Void> done = CompletableFuture.runAsync(work, lane).exceptionally(failure -> {
            LOG.error("A partition could not be changed", failure);
            directories.spoil();
            return null;
        });
        pending = CompletableFuture.allOf(pending, done);
    }

    private PartitionConfig config(String topic, ClusterImage image) {
        ConfigValues broker = values.withDynamic(image.defaultBrokerConfig(), image.brokerConfig(nodeId));
        return PartitionConfig.of(broker.forTopic(image.topicConfig(topic)), broker);
    }

    private Partition open(TopicPartition id, Lane lane, UUID topicId, PartitionConfig config, long highWatermark) {
        PartitionLog log = new PartitionLog(directories.open(id.topic(), id.index(), topicId), config.log());
        ReplicaConfig replica = new ReplicaConfig(
                nodeId,
                Durability.WRITTEN,
                TimeUnit.MILLISECONDS.toNanos(values.longValue("replica.lag.time.max.ms")),
                ReplicaConfig.DEFAULT_RETRY_NS
                        + TimeUnit.MILLISECONDS.toNanos(values.intValue("replica.fetch.wait.max.ms")));
        Partition partition = Partition.of(
                id, topicId, lane, log, highWatermark, new PartitionContext(config, replica, peers, listeners));
        var recovery = partition.log().recoveryReport();
        if (!recovery.wasClean() && recovery.scannedBytes() > 0) {
            LOG.info("Log recovered: partition={}, {}", id, recovery);
        }
        open.put(id, partition);
        upkeep.add(partition.upkeep());
        return partition;
    }

    /** Closes a partition that this broker shall have no replica of, and deletes its log. */
    private void release(TopicPartition id) {
        Assigned known = assigned.remove(id);
        failed.remove(id);
        if (known != null) {
            Closing last = new Closing(known.lane());
            closing.put(id, last);
            run(known.lane(), () -> {
                Partition partition = open.remove(id);
                if (partition != null) {
                    upkeep.remove(partition.upkeep());
                    partition.close();
                    directories.delete(id.topic(), id.index());
                    LOG.info("Deleted: partition={}", id);
                }
                closing.remove(id, last); // unless it came back and is to be closed again
            });
        }
    }

    // Directories.

    /**
     * Moves a replica to another directory of this broker, while it goes on; if that fails it stays where it is. Returns at once.
     *
     * @param directory one of the broker's directories
     */
    public void move(TopicPartition id, Path directory) {
        moves.add(
                () -> copy(id, directory),
                copy -> CompletableFuture.supplyAsync(
                                () -> adopt(copy), copy.source().lane())
                        .join(),
                copy -> directories.dropCopy(id.topic(), id.index(), copy.directory()));
    }

    /** An empty copy of a replica; null when that is not here, or is there by now. */
    private @Nullable ReplicaCopy copy(TopicPartition id, Path directory) {
        Partition partition = open.get(id);
        if (partition == null || directory.equals(directories.find(id.topic(), id.index()))) {
            return null;
        }
        Storage storage = directories.openCopy(id.topic(), id.index(), partition.topicId(), directory);
        return new ReplicaCopy(
                partition,
                directory,
                new PartitionLog(storage, config(id.topic(), latest).log()));
    }

    /** The copies of replicas that are on their way to other directories. */
    public Collection<ReplicaCopy> copies() {
        return moves.copies();
    }

    /** Puts a copy in the place of its replica, on the lane; false when the replica is not there any more. */
    private boolean adopt(ReplicaCopy copy) {
        TopicPartition id = copy.id();
        Partition former = copy.source();
        ClusterImage image = latest;
        TopicImage topic = image.topic(id.topic());
        PartitionImage state = topic == null ? null : topic.partition(id.index());
        if (open.get(id) != former || former.log().isFailed() || state == null) {
            return false;
        }
        copy.complete();
        long highWatermark = former.highWatermark();
        upkeep.remove(former.upkeep());
        former.close();
        try {
            directories.adoptCopy(id.topic(), id.index(), copy.directory());
        } finally {
            // The one or the other: whichever the directories have.
            Partition now = open(id, former.lane(), former.topicId(), config(id.topic(), image), highWatermark);
            tell(now, state, brokerEpoch, new ImageStep(image, image).brokers);
        }
        LOG.info("Moved to another directory: partition={}, directory={}", id, copy.directory());
        return true;
    }

    /** Lets every partition forget silent producers, each on its lane. */
    public void keepHouse(long producerExpirationMs) {
        for (Partition partition : open.values()) {
            partition.lane().execute(() -> partition.keepHouse(System.currentTimeMillis(), producerExpirationMs));
        }
    }

    /** Saves what is committed, so that a replica that leads after a restart need not ask others to know. */
    public void saveHighWatermarks() {
        Map<String, Long> offsets = new HashMap<>();
        open.forEach((id, partition) -> offsets.put(id.toString(), partition.highWatermark()));
        directories.saveHighWatermarks(offsets);
    }

    /** Closes all logs. */
    @Override
    public void close() {
        moves.close();
        settled().toCompletableFuture().exceptionally(failure -> null).join();
        try {
            saveHighWatermarks();
        } catch (UncheckedIOException e) {
            LOG.error("High watermarks could not be saved", e);
        }
        upkeep.close();
        List<CompletableFuture<Void>> closing = new ArrayList<>();
        for (Partition partition : open.values()) {
            closing.add(CompletableFuture.runAsync(
                    () -> {
                        if (partition.log().isFailed()) {
                            directories.spoil();
                        }
                        partition.close();
                    },
                    partition.lane()));
        }
        open.clear();
        CompletableFuture.allOf(closing.toArray(CompletableFuture[]::new))
                .exceptionally(failure -> {
                    LOG.error("A partition could not be closed", failure);
                    directories.spoil();
                    return null;
                })
                .join();
    }
}
