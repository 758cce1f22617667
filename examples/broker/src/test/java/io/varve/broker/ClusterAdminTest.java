// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.PartitionReassignment;
import org.apache.kafka.clients.admin.ReplicaInfo;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ElectionNotNeededException;
import org.apache.kafka.common.errors.EligibleLeadersNotAvailableException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.LogDirNotFoundException;
import org.apache.kafka.common.errors.NoReassignmentInProgressException;
import org.apache.kafka.common.errors.PreferredLeaderNotAvailableException;
import org.apache.kafka.common.errors.ReplicaNotAvailableException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What administrators do to replicas, as Kafka's own client asks for it. */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClusterAdminTest {

    private static final TopicPartition T = new TopicPartition("t", 0);

    @TempDir
    private Path directory;

    private EmbeddedBrokers brokers;
    private Admin admin;

    @BeforeEach
    void start() throws IOException {
        brokers = new EmbeddedBrokers(directory)
                .with("auto.balance.enable", "false") // where replicas are is what is tested
                .start(1, 2, 3);
        admin = Admin.create(Map.of("bootstrap.servers", brokers.bootstrap()));
    }

    @AfterEach
    void close() {
        admin.close();
        brokers.close();
    }

    @Test
    void shouldLetThePreferredLeaderLeadAgain() throws Exception {
        create(Map.of(0, List.of(1, 2, 3), 1, List.of(2, 3, 1)), Map.of());
        brokers.stop(1);
        eventually(() -> assertThat(leader(T)).isEqualTo(2));
        assertThatThrownBy(() -> elect(ElectionType.PREFERRED, T))
                .hasCauseInstanceOf(PreferredLeaderNotAvailableException.class);
        brokers.start(1);
        eventually(() -> assertThat(isr(T)).containsExactlyInAnyOrder(1, 2, 3));
        assertThat(leader(T)).isEqualTo(2);

        elect(ElectionType.PREFERRED, T);

        eventually(() -> assertThat(leader(T)).isEqualTo(1)); // the client asks any broker
        assertThatThrownBy(() -> elect(ElectionType.PREFERRED, T)).hasCauseInstanceOf(ElectionNotNeededException.class);
        assertThatThrownBy(() -> elect(ElectionType.UNCLEAN, T)).hasCauseInstanceOf(ElectionNotNeededException.class);
        assertThatThrownBy(() -> elect(ElectionType.PREFERRED, new TopicPartition("t", 9)))
                .hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
        assertThat(get(admin.electLeaders(ElectionType.PREFERRED, null).partitions()))
                .isEmpty();
    }

    @Test
    void shouldElectAnyReplicaWhenAskedTo() throws Exception {
        create(Map.of(0, List.of(3)), Map.of());
        brokers.stop(3);
        eventually(() -> assertThat(leader(T)).isEqualTo(-1));

        assertThatThrownBy(() -> elect(ElectionType.UNCLEAN, T))
                .hasCauseInstanceOf(EligibleLeadersNotAvailableException.class);
    }

    @Test
    void shouldMoveAPartitionWithItsRecords() throws Exception {
        create(Map.of(0, List.of(1, 2)), Map.of());
        produce("a", "b");
        assertThatThrownBy(() -> reassign(9)).hasCauseInstanceOf(InvalidReplicaAssignmentException.class);
        assertThatThrownBy(() -> get(admin.alterPartitionReassignments(Map.of(T, Optional.empty()))
                        .all()))
                .hasCauseInstanceOf(NoReassignmentInProgressException.class);

        reassign(3, 2);

        eventually(() -> assertThat(replicas(T)).containsExactly(3, 2));
        assertThat(get(admin.listPartitionReassignments().reassignments())).isEmpty();
        assertThat(leader(T)).isEqualTo(3);
        assertThat(consume(2)).containsExactly("a", "b");
        brokers.stop(1);
        produce("c");
        assertThat(consume(3)).containsExactly("a", "b", "c");
    }

    @Test
    void shouldListAndCancelAReassignmentThatCannotEnd() throws Exception {
        create(Map.of(0, List.of(1)), Map.of());
        produce("a");
        brokers.stop(1); // nobody else has the records
        eventually(() -> assertThat(leader(T)).isEqualTo(-1));

        reassign(2);

        PartitionReassignment ongoing =
                get(admin.listPartitionReassignments().reassignments()).get(T);
        assertThat(ongoing.replicas()).containsExactly(2, 1);
        assertThat(ongoing.addingReplicas()).containsExactly(2);
        assertThat(ongoing.removingReplicas()).containsExactly(1);
        get(admin.alterPartitionReassignments(Map.of(T, Optional.empty())).all());
        assertThat(get(admin.listPartitionReassignments().reassignments())).isEmpty();
        assertThat(replicas(T)).containsExactly(1);
        brokers.start(1);
        assertThat(consume(1)).containsExactly("a");
    }

    @ParameterizedTest
    @CsvSource({"auto.balance.throttled.rate,''", "leader.replication.throttled.rate,*"})
    void shouldMoveAPartitionAsFastAsItMay(String rateKey, String throttledReplicas) throws Exception {
        create(Map.of(0, List.of(1)), Map.of("leader.replication.throttled.replicas", throttledReplicas));
        setForAllBrokers(rateKey, "1"); // the first batch is sent, and owed for a quarter of an hour
        produce("a".repeat(1000), "b".repeat(1000), "c".repeat(1000));

        reassign(2);

        eventually(() -> assertThat(bytesAt(2)).isGreaterThan(1000));
        Awaitility.await()
                .during(Duration.ofSeconds(2))
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(bytesAt(2)).isLessThan(2000));
        assertThat(replicas(T)).containsExactly(2, 1);

        setForAllBrokers(rateKey, String.valueOf(Long.MAX_VALUE));

        eventually(() -> assertThat(replicas(T)).containsExactly(2));
        assertThat(consume(3)).hasSize(3);
    }

    private void setForAllBrokers(String key, String value) throws Exception {
        get(admin.incrementalAlterConfigs(Map.of(
                        new ConfigResource(ConfigResource.Type.BROKER, ""),
                        List.of(new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET))))
                .all());
    }

    /** How large the replica of the first partition at a broker is; 0 when it has none. */
    private long bytesAt(int broker) throws Exception {
        return get(admin.describeLogDirs(List.of(broker)).allDescriptions()).get(broker).values().stream()
                .map(dir -> dir.replicaInfos().get(T))
                .filter(Objects::nonNull)
                .mapToLong(ReplicaInfo::size)
                .sum();
    }

    @Test
    void shouldTellWhatLiesInTheLogDirectories() throws Exception {
        create(Map.of(0, List.of(1, 2)), Map.of());
        produce("a".repeat(1000));

        eventually(() -> {
            Map<Integer, Map<String, LogDirDescription>> described =
                    get(admin.describeLogDirs(List.of(1, 2, 3)).allDescriptions());
            for (int id : List.of(1, 2)) {
                assertThat(described.get(id)).containsOnlyKeys(brokers.data(id).toString());
                LogDirDescription found = described.get(id).get(brokers.data(id).toString());
                ReplicaInfo replica = found.replicaInfos().get(T);
                assertThat(replica.size()).isGreaterThan(1000);
                assertThat(replica.isFuture()).isFalse();
                assertThat(found.totalBytes().getAsLong()).isPositive();
            }
            assertThat(described.get(3).get(brokers.data(3).toString()).replicaInfos())
                    .doesNotContainKey(T);
        });
    }

    @Test
    void shouldMoveAReplicaToAnotherDirectoryWhileItIsUsed() throws Exception {
        Path first = directory.resolve("first");
        Path second = directory.resolve("second");
        brokers.with("log.dirs", first + "," + second).start(4);
        create(Map.of(0, List.of(4, 1)), Map.of());
        produce("a", "b");
        Path from = Files.exists(first.resolve("t-0")) ? first : second;
        Path to = from.equals(first) ? second : first;
        TopicPartitionReplica replica = new TopicPartitionReplica("t", 0, 4);
        assertThatThrownBy(() -> alterDirectory(replica, directory.resolve("third")))
                .hasCauseInstanceOf(LogDirNotFoundException.class);
        assertThatThrownBy(() -> alterDirectory(new TopicPartitionReplica("t", 7, 4), to))
                .hasCauseInstanceOf(ReplicaNotAvailableException.class);

        alterDirectory(replica, to);
        for (int i = 0; i < 50; i++) {
            produce("c" + i);
        }

        eventually(() -> assertThat(get(admin.describeLogDirs(List.of(4)).allDescriptions())
                        .get(4)
                        .get(to.toString())
                        .replicaInfos()
                        .get(T))
                .isNotNull()
                .returns(false, ReplicaInfo::isFuture));
        assertThat(from.resolve("t-0")).doesNotExist();
        produce("d");
        assertThat(consume(53)).hasSize(53).startsWith("a", "b", "c0").endsWith("c49", "d");
        eventually(() -> assertThat(isr(T)).containsExactlyInAnyOrder(4, 1));
        brokers.stop(4);
        assertThat(consume(53)).hasSize(53);
        brokers.start(4);
        brokers.stop(1);
        assertThat(consume(53)).as("after a restart").hasSize(53);
        assertThat(to.resolve("t-0")).exists();
    }

    private void alterDirectory(TopicPartitionReplica replica, Path to) throws Exception {
        get(admin.alterReplicaLogDirs(Map.of(replica, to.toString())).all());
    }

    @Test
    void shouldTellWhoIsOfflineAndWhoIsEligible() throws Exception {
        create(Map.of(0, List.of(1, 2)), Map.of("min.insync.replicas", "2"));

        brokers.stop(2);

        eventually(() -> {
            TopicPartitionInfo partition = describe(T);
            assertThat(partition.isr()).extracting(Node::id).containsExactly(1);
            assertThat(partition.elr()).extracting(Node::id).containsExactly(2);
        });
        try (KafkaConsumer<String, String> consumer = consumer()) {
            assertThat(consumer.partitionsFor("t").get(0).offlineReplicas())
                    .extracting(Node::id)
                    .containsExactly(2);
        }
    }

    private static <T> T get(KafkaFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private static void eventually(ThrowingRunnable assertion) {
        Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(assertion);
    }

    private void create(Map<Integer, List<Integer>> assignment, Map<String, String> config) throws Exception {
        get(admin.createTopics(List.of(new NewTopic("t", assignment).configs(config)))
                .all());
    }

    private void elect(ElectionType type, TopicPartition id) throws Exception {
        get(admin.electLeaders(type, Set.of(id)).all());
    }

    private void reassign(Integer... target) throws Exception {
        get(admin.alterPartitionReassignments(Map.of(T, Optional.of(new NewPartitionReassignment(List.of(target)))))
                .all());
    }

    private TopicPartitionInfo describe(TopicPartition id) throws Exception {
        return get(admin.describeTopics(List.of(id.topic())).allTopicNames())
                .get(id.topic())
                .partitions()
                .get(id.partition());
    }

    private int leader(TopicPartition id) throws Exception {
        Node leader = describe(id).leader();
        return leader == null || leader.isEmpty() ? -1 : leader.id();
    }

    private List<Integer> isr(TopicPartition id) throws Exception {
        return describe(id).isr().stream().map(Node::id).toList();
    }

    private List<Integer> replicas(TopicPartition id) throws Exception {
        return describe(id).replicas().stream().map(Node::id).toList();
    }

    private void produce(String... values) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", brokers.bootstrap(), "acks", "all", "linger.ms", 0),
                new StringSerializer(),
                new StringSerializer())) {
            for (String value : values) {
                producer.send(new ProducerRecord<>("t", 0, null, value)).get(30, TimeUnit.SECONDS);
            }
        }
    }

    private KafkaConsumer<String, String> consumer() {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", brokers.bootstrap());
        config.put("auto.offset.reset", "earliest");
        return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }

    private List<String> consume(int count) {
        try (KafkaConsumer<String, String> consumer = consumer()) {
            consumer.assign(List.of(T));
            List<String> values = new ArrayList<>();
            for (int polls = 0; values.size() < count && polls < 100; polls++) {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
            }
            return values;
        }
    }
}
