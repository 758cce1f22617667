// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageListener;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.storage.LogDirectories;
import io.varve.log.job.JobRunner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions that this broker leads: opened, reconfigured and deleted as the image of the cluster says.
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
    private final Map<TopicPartition, Partition> open = new ConcurrentHashMap<>();
    private final List<PartitionListener> listeners = new CopyOnWriteArrayList<>();

    /** Flushes, seals, deletes and prepares for all logs, so that no lane waits for the disk. */
    private final JobRunner upkeep = JobRunner.start(
            "varve-upkeep",
            UPKEEP_REST,
            (job, failure) -> LOG.error("A log is not kept up any more: restart the broker", failure));

    /** What is open or being opened; touched by the thread of the images only. */
    private final Map<TopicPartition, Assigned> assigned = new HashMap<>();

    private volatile CompletableFuture<Void> pending = CompletableFuture.completedFuture(null);

    private record Assigned(UUID topicId, Lane lane) {}

    public Partitions(int nodeId, Lanes lanes, LogDirectories directories, ConfigValues values) {
        this.nodeId = nodeId;
        this.lanes = lanes;
        this.directories = directories;
        this.values = values;
    }

    /** Adds a listener, which is told of partitions opened from now on. */
    public void listen(PartitionListener listener) {
        listeners.add(listener);
    }

    /** A partition that is open here, null when there is none. */
    public @Nullable Partition find(String topic, int index) {
        return open.get(new TopicPartition(topic, index));
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

    @Override
    public void onImage(ClusterImage before, ClusterImage after) {
        Set<TopicPartition> wanted = new HashSet<>();
        for (TopicImage topic : after.topics()) {
            for (PartitionImage partition : topic.partitions()) {
                if (partition.leader() == nodeId) {
                    TopicPartition id = new TopicPartition(topic.name(), partition.index());
                    wanted.add(id);
                    follow(id, topic, partition, before, after);
                }
            }
        }
        List<TopicPartition> gone = new ArrayList<>(assigned.keySet());
        gone.removeAll(wanted);
        gone.forEach(id -> release(id, exists(id, after)));
    }

    /** Whether a partition is still there, led by another broker: its log must not be deleted. */
    private boolean exists(TopicPartition id, ClusterImage image) {
        TopicImage topic = image.topic(id.topic());
        Assigned known = assigned.get(id);
        return topic != null
                && known != null
                && topic.id().equals(known.topicId())
                && id.index() < topic.partitions().size();
    }

    private void follow(
            TopicPartition id, TopicImage topic, PartitionImage partition, ClusterImage before, ClusterImage after) {
        Assigned known = assigned.get(id);
        if (known != null && !known.topicId().equals(topic.id())) {
            release(id, false);
            known = null;
        }
        if (known == null) {
            Lane lane = lanes.next();
            assigned.put(id, new Assigned(topic.id(), lane));
            run(lane, () -> open(id, lane, topic, partition.leaderEpoch(), after));
        } else if (changed(topic, before, after)) {
            run(known.lane(), () -> reconfigure(id, partition.leaderEpoch(), after));
        }
    }

    private boolean changed(TopicImage topic, ClusterImage before, ClusterImage after) {
        return !topic.equals(before.topic(topic.name()))
                || !after.topicConfig(topic.name()).equals(before.topicConfig(topic.name()))
                || !after.brokerConfig(nodeId).equals(before.brokerConfig(nodeId))
                || !after.defaultBrokerConfig().equals(before.defaultBrokerConfig());
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

    private void open(TopicPartition id, Lane lane, TopicImage topic, int leaderEpoch, ClusterImage image) {
        Partition partition = Partition.open(
                id, lane, directories.open(id.topic(), id.index(), topic.id()), config(id.topic(), image), leaderEpoch);
        var recovery = partition.log().recoveryReport();
        if (!recovery.wasClean() && recovery.scannedBytes() > 0) {
            LOG.info("Log recovered: partition={}, {}", id, recovery);
        }
        listeners.forEach(listener -> listener.onOpened(partition));
        open.put(id, partition);
        upkeep.add(partition.upkeep());
        LOG.info(
                "Leading: partition={}, leaderEpoch={}, startOffset={}, endOffset={}",
                id,
                leaderEpoch,
                partition.log().startOffset(),
                partition.log().endOffset());
    }

    private void reconfigure(TopicPartition id, int leaderEpoch, ClusterImage image) {
        Partition partition = open.get(id);
        if (partition != null) {
            partition.reconfigure(config(id.topic(), image), leaderEpoch);
        }
    }

    /** Closes a partition, and deletes its log unless that is to be kept. */
    private void release(TopicPartition id, boolean keep) {
        Assigned known = assigned.remove(id);
        if (known != null) {
            run(known.lane(), () -> {
                Partition partition = open.remove(id);
                if (partition != null) {
                    listeners.forEach(listener -> listener.onClosed(partition));
                    upkeep.remove(partition.upkeep());
                    partition.close();
                    if (!keep) {
                        directories.delete(id.topic(), id.index());
                    }
                    LOG.info("{}: partition={}", keep ? "No longer leading" : "Deleted", id);
                }
            });
        }
    }

    /** Lets every partition forget silent producers, each on its lane. */
    public void keepHouse(long producerExpirationMs) {
        for (Partition partition : open.values()) {
            partition.lane().execute(() -> partition.keepHouse(System.currentTimeMillis(), producerExpirationMs));
        }
    }

    /** Closes all logs. */
    @Override
    public void close() {
        settled().toCompletableFuture().exceptionally(failure -> null).join();
        upkeep.close();
        List<CompletableFuture<Void>> closing = new ArrayList<>();
        for (Partition partition : open.values()) {
            closing.add(CompletableFuture.runAsync(
                    () -> {
                        listeners.forEach(listener -> listener.onClosed(partition));
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
