// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.RetriableException;

/**
 * The topics of a cluster, with a replica at every broker.
 *
 * <p>Threading: confined to the thread of the comparison.
 */
final class Topics implements AutoCloseable {

    private static final int POLL_MS = 20;
    private static final long PATIENCE_NS = Duration.ofMinutes(3).toNanos();

    private final Admin admin;
    private final int brokers;
    private double answeredMs;

    Topics(String bootstrap, int brokers) {
        this.admin = Admin.create(Map.of("bootstrap.servers", bootstrap, "reconnect.backoff.max.ms", 100));
        this.brokers = brokers;
    }

    /** Creates one, and returns when all replicas of all partitions are in sync. */
    void create(String topic, int partitions) throws ExecutionException, InterruptedException {
        NewTopic created = new NewTopic(topic, partitions, (short) brokers).configs(Map.of("min.insync.replicas", "2"));
        long startNs = System.nanoTime();
        admin.createTopics(List.of(created)).all().get();
        answeredMs = (System.nanoTime() - startNs) / 1e6;
        awaitInSync(topic);
    }

    /** The same in a cluster that is about to start, whose brokers may not all be there yet. */
    void createPatiently(String topic, int partitions) throws InterruptedException {
        await("topic " + topic + " can be created", () -> {
            try {
                create(topic, partitions);
                return true;
            } catch (ExecutionException e) {
                if (e.getCause() instanceof InvalidReplicationFactorException) {
                    return false;
                }
                throw e;
            }
        });
    }

    /** How long the cluster took to answer when the last topic was created. */
    double answeredMs() {
        return answeredMs;
    }

    /** The broker that leads a partition. */
    int awaitLeader(String topic, int partition) throws InterruptedException {
        await("partition " + topic + "-" + partition + " has a leader", () -> partitions(topic).stream()
                .anyMatch(info -> info.partition() == partition && hasLeader(info)));
        try {
            return partitions(topic).get(partition).leader().id();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a topic cannot be described: topic=" + topic, e);
        }
    }

    private static boolean hasLeader(TopicPartitionInfo partition) {
        return partition.leader() != null && !partition.leader().isEmpty();
    }

    /** Returns when all partitions of a topic have a leader and all their replicas in sync. */
    void awaitInSync(String topic) throws InterruptedException {
        await("topic " + topic + " is in sync", () -> {
            List<TopicPartitionInfo> all = partitions(topic);
            return !all.isEmpty()
                    && all.stream()
                            .allMatch(info -> hasLeader(info) && info.isr().size() == brokers);
        });
    }

    /** Empty while the cluster does not tell. */
    private List<TopicPartitionInfo> partitions(String topic) throws InterruptedException, ExecutionException {
        try {
            return admin.describeTopics(List.of(topic)).allTopicNames().get().values().stream()
                    .flatMap(description -> description.partitions().stream())
                    .toList();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RetriableException) {
                return List.of();
            }
            throw e;
        }
    }

    private static void await(String what, Callable<Boolean> condition) throws InterruptedException {
        long deadlineNs = System.nanoTime() + PATIENCE_NS;
        try {
            while (!condition.call()) {
                if (System.nanoTime() - deadlineNs > 0) {
                    throw new IllegalStateException("not so in time: " + what);
                }
                Thread.sleep(POLL_MS);
            }
        } catch (InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("it failed: " + what, e);
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO);
    }
}
