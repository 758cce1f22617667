// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import io.varve.target.ApacheTarget;
import io.varve.target.Cluster;
import io.varve.target.ClusterBroker;
import io.varve.target.ClusterTarget;
import io.varve.target.KafkaCluster;
import io.varve.target.Quorum;
import io.varve.target.VarveCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * The cluster that these tests aim at, and what they ask of it.
 *
 * <p>Threading: confined to the test's thread.
 */
final class TestCluster implements AutoCloseable {

    /** A session that has ended is noticed soon, and one whose processor others have for a second does not end. */
    static final int SESSION_TIMEOUT_MS = Integer.getInteger("varve.session.timeout.ms", 3000);

    static final int BROKERS = 3;

    private static final Path KAFKA_JARS = Path.of("src/it/kafka-tools/target/lib");
    private static final Path ZOOKEEPER_JARS = Path.of("../targets/src/it/zookeeper/target/lib");
    private static final String TARGET = System.getProperty("varve.target", "varve");
    private static final String ENGINE = System.getProperty("varve.engine", "quorum");
    private static final List<String> JVM_FLAGS = List.of("-Xmx512m", "-XX:+UseSerialGC");

    /** No test waits so long unless it fails. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Cluster cluster;
    private final @Nullable Quorum ensemble;
    private final Admin admin;

    private TestCluster(Cluster cluster, @Nullable Quorum ensemble) {
        this.cluster = cluster;
        this.ensemble = ensemble;
        this.admin = Admin.create(Map.of(
                "bootstrap.servers",
                cluster.bootstrap(),
                "reconnect.backoff.max.ms",
                100,
                "request.timeout.ms",
                5000,
                "default.api.timeout.ms",
                5000));
    }

    /** Three brokers with the settings that they have by default. */
    static TestCluster start(Path directory) {
        return start(directory, target(), Map.of(), false);
    }

    /** Three brokers that are given up after {@link #SESSION_TIMEOUT_MS}. */
    static TestCluster startVigilant(Path directory) {
        ClusterTarget target = target();
        return start(directory, target, target.sessionTimeout(SESSION_TIMEOUT_MS), false);
    }

    /** The same on a network that can be cut. */
    static TestCluster startRelayed(Path directory) {
        ClusterTarget target = target();
        return start(directory, target, target.sessionTimeout(SESSION_TIMEOUT_MS), true);
    }

    private static ClusterTarget target() {
        return switch (TARGET) {
            case "kafka" -> new KafkaCluster(KAFKA_JARS, JVM_FLAGS);
            case "varve" -> VarveCluster.ofJar(Path.of("target/varve-broker.jar"), JVM_FLAGS);
            default ->
                throw new IllegalArgumentException(
                        "no such target: varve.target=" + TARGET + "; there are kafka and varve");
        };
    }

    private static TestCluster start(
            Path directory, ClusterTarget target, Map<String, String> more, boolean isRelayed) {
        Map<String, String> settings = new HashMap<>(more);
        settings.put("group.initial.rebalance.delay.ms", "0");
        Quorum ensemble = ensemble(directory.resolve("ensemble"));
        try {
            Cluster cluster = Cluster.start(
                    new Cluster.Plan(target, BROKERS, directory.resolve("cluster"), settings, ensemble, isRelayed));
            return new TestCluster(cluster, ensemble);
        } catch (RuntimeException e) {
            close(ensemble);
            throw e;
        }
    }

    private static @Nullable Quorum ensemble(Path directory) {
        return switch (ENGINE) {
            case "quorum" -> null;
            case "zookeeper" -> Quorum.start(new ApacheTarget(ZOOKEEPER_JARS, JVM_FLAGS), BROKERS, directory, Map.of());
            default ->
                throw new IllegalArgumentException(
                        "no such engine: varve.engine=" + ENGINE + "; there are quorum and zookeeper");
        };
    }

    /** The brokers as processes. */
    Cluster brokers() {
        return cluster;
    }

    String bootstrap() {
        return cluster.bootstrap();
    }

    /** Whether who is cut off from the other brokers is cut off from what decides who leads, too. */
    boolean decidesAmongBrokers() {
        return ensemble == null;
    }

    /** Whether it is Kafka, to which somebody must say what Varve does by itself. */
    boolean isKafka() {
        return cluster.target() instanceof KafkaCluster;
    }

    Elasticity elasticity(String topic) {
        return new Elasticity(this, admin, topic);
    }

    /** What is tested, for a report. */
    String name() {
        return cluster.target().name()
                + (ensemble == null ? "" : " on " + ensemble.target().name());
    }

    /** Creates a topic with a replica at every broker, of which two must have what is acknowledged. */
    void createTopic(String topic, int partitions) throws ExecutionException, InterruptedException {
        admin.createTopics(List.of(
                        new NewTopic(topic, partitions, (short) BROKERS).configs(Map.of("min.insync.replicas", "2"))))
                .all()
                .get();
        awaitInSync(topic);
    }

    /** The broker that leads a partition, once there is one. */
    ClusterBroker awaitLeader(String topic, int partition) {
        Node leader = Awaitility.await()
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(
                        () -> partitions(topic).stream()
                                .filter(info -> info.partition() == partition)
                                .map(TopicPartitionInfo::leader)
                                .filter(node -> node != null && !node.isEmpty())
                                .findFirst(),
                        found -> found.isPresent()
                                && cluster.broker(found.get().id()).isRunning())
                .orElseThrow();
        return cluster.broker(leader.id());
    }

    /**
     * Waits until each broker says of every partition of a topic that it has the same leader, and all replicas in sync. One that is cut off
     * from what the others have decided tells what was.
     */
    void awaitInSync(String topic) {
        Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).untilAsserted(() -> {
            Set<Map<Integer, Integer>> leaders = new HashSet<>();
            for (ClusterBroker broker : cluster.brokers()) {
                leaders.add(leadersInSync(topic, broker));
            }
            if (leaders.size() != 1) {
                throw new AssertionError("brokers differ: leaders=" + leaders);
            }
        });
    }

    /** The leaders of a topic's partitions as a broker tells it. A new client has no other to ask. */
    private static Map<Integer, Integer> leadersInSync(String topic, ClusterBroker broker) {
        Map<Integer, Integer> leaders = new TreeMap<>();
        try (KafkaConsumer<byte[], byte[]> asking = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrap(), "default.api.timeout.ms", 5000),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            for (PartitionInfo partition : asking.partitionsFor(topic)) {
                if (partition.leader() == null || partition.inSyncReplicas().length < BROKERS) {
                    throw new AssertionError("not in sync, says broker " + broker.id() + ": " + partition);
                }
                leaders.put(partition.partition(), partition.leader().id());
            }
            return leaders;
        } catch (TimeoutException e) {
            throw new AssertionError("broker " + broker.id() + " does not answer", e);
        }
    }

    /** As the cluster tells it, empty while it does not. */
    private List<TopicPartitionInfo> partitions(String topic) throws InterruptedException, ExecutionException {
        try {
            return admin.describeTopics(List.of(topic))
                    .allTopicNames()
                    .get()
                    .get(topic)
                    .partitions();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RetriableException) {
                return List.of();
            }
            throw e;
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO);
        cluster.close();
        close(ensemble);
    }

    private static void close(@Nullable Quorum ensemble) {
        if (ensemble != null) {
            ensemble.close();
        }
    }
}
