// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import io.varve.broker.system.Distribution;
import io.varve.broker.system.Run;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.RetriableException;
import org.awaitility.Awaitility;

/**
 * How a cluster is made to use the brokers that it has. Varve does so by itself, and empties a broker on command; to Kafka somebody must
 * say which partition goes where.
 *
 * <p>Threading: confined to the test's thread.
 */
final class Elasticity {

    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final TestCluster cluster;
    private final Admin admin;
    private final String topic;

    Elasticity(TestCluster cluster, Admin admin, String topic) {
        this.cluster = cluster;
        this.admin = admin;
        this.topic = topic;
    }

    /** Lets all these brokers have a part, where the cluster does not do so by itself. */
    void use(Set<Integer> brokers) throws Exception {
        if (cluster.isKafka()) {
            reassign(List.copyOf(new TreeSet<>(brokers)));
        }
    }

    /** Lets a broker have nothing any more, so that these are left. */
    void drain(int broker, Set<Integer> left) throws Exception {
        if (cluster.isKafka()) {
            reassign(List.copyOf(new TreeSet<>(left)));
        } else {
            Run.of(Distribution.command("broker", "drain", String.valueOf(broker), "--bootstrap", cluster.bootstrap()))
                    .ok();
        }
    }

    private void reassign(List<Integer> brokers) throws Exception {
        Map<TopicPartition, Optional<NewPartitionReassignment>> targets = new HashMap<>();
        for (TopicPartitionInfo info : partitions()) {
            // Every broker is first as often as each other, and second, and third.
            List<Integer> replicas = IntStream.range(0, info.replicas().size())
                    .map(i -> brokers.get(
                            (info.partition() + i * (1 + info.partition() / brokers.size() % 2)) % brokers.size()))
                    .distinct()
                    .boxed()
                    .toList();
            List<Integer> all = new ArrayList<>(replicas);
            brokers.stream()
                    .filter(broker -> !all.contains(broker))
                    .limit(info.replicas().size() - (long) replicas.size())
                    .forEach(all::add);
            targets.put(new TopicPartition(topic, info.partition()), Optional.of(new NewPartitionReassignment(all)));
        }
        admin.alterPartitionReassignments(targets).all().get();
    }

    /** Waits until nothing moves any more and these brokers, and no others, have their equal shares; how it looks then. */
    Spread awaitEven(Set<Integer> brokers, double mostToMean) {
        return Awaitility.await()
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(200))
                .until(this::settled, found -> found.isPresent() && found.get().isEven(brokers, mostToMean))
                .orElseThrow();
    }

    /** The spread, if nothing moves and the cluster tells. */
    private Optional<Spread> settled() throws Exception {
        try {
            if (!admin.listPartitionReassignments().reassignments().get().isEmpty()) {
                return Optional.empty();
            }
            if (cluster.isKafka()) { // which waits for five minutes before it does it by itself
                admin.electLeaders(ElectionType.PREFERRED, null).all().get();
            }
            return Optional.of(spread());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RetriableException) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private Spread spread() throws ExecutionException, InterruptedException {
        Map<Integer, Long> leaders = new HashMap<>();
        Set<Integer> holders = new TreeSet<>();
        for (TopicPartitionInfo info : partitions()) {
            info.replicas().forEach(replica -> holders.add(replica.id()));
            if (info.leader() != null) {
                leaders.merge(info.leader().id(), 1L, Long::sum);
            }
        }
        Map<Integer, Long> bytes = new HashMap<>();
        admin.describeLogDirs(holders)
                .allDescriptions()
                .get()
                .forEach((broker, directories) -> bytes.put(broker, bytes(directories.values())));
        return new Spread(bytes, leaders);
    }

    private long bytes(Collection<LogDirDescription> directories) {
        return directories.stream()
                .flatMap(directory -> directory.replicaInfos().entrySet().stream())
                .filter(replica -> replica.getKey().topic().equals(topic))
                .mapToLong(replica -> replica.getValue().size())
                .sum();
    }

    private List<TopicPartitionInfo> partitions() throws ExecutionException, InterruptedException {
        return admin.describeTopics(List.of(topic))
                .allTopicNames()
                .get()
                .get(topic)
                .partitions();
    }
}
