// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.broker.config.ConfigException;
import io.varve.broker.config.ConfigValues;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker in this process under the real Java client. */
class BrokerTest {

    private static final TopicPartition PARTITION = new TopicPartition("t", 0);

    @TempDir
    Path directory;

    @Test
    void shouldKeepRecordsTopicsAndOffsetsOverARestart() throws Exception {
        try (Broker broker = start()) {
            create(broker, new NewTopic("t", 1, (short) 1));
            produce(broker, "t", null, "a", "b", "c");
            try (KafkaConsumer<String, String> consumer = consumer(broker)) {
                consumer.assign(List.of(PARTITION));
                consumer.commitSync(Map.of(PARTITION, new OffsetAndMetadata(2, "so far")));
            }
        }
        try (Broker broker = start();
                KafkaConsumer<String, String> consumer = consumer(broker)) {
            consumer.assign(List.of(PARTITION));

            OffsetAndMetadata committed =
                    consumer.committed(java.util.Set.of(PARTITION)).get(PARTITION);

            assertThat(committed.offset()).isEqualTo(2);
            assertThat(committed.metadata()).isEqualTo("so far");
            assertThat(poll(consumer, 1)).containsExactly("c");
            produce(broker, "t", null, "d");
            assertThat(poll(consumer, 1)).containsExactly("d");
        }
    }

    @Test
    void shouldRefuseWhatTheTopicDoesNotAllow() throws Exception {
        try (Broker broker = start()) {
            create(
                    broker,
                    new NewTopic("t", 1, (short) 1)
                            .configs(Map.of("cleanup.policy", "compact", "max.message.bytes", "1000")));

            assertThatThrownBy(() -> produce(broker, "t", null, "no key"))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(InvalidRecordException.class);
            assertThatThrownBy(() -> produce(broker, "t", "key", "x".repeat(2000)))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(RecordTooLargeException.class);
            assertThatThrownBy(() -> send(
                            broker,
                            new ProducerRecord<>("t", 0, System.currentTimeMillis() + 7_200_000, "key", "late")))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(InvalidTimestampException.class);
            produce(broker, "t", "key", "fits");
        }
    }

    @Test
    void shouldCompactATopicThatWantsIt() throws Exception {
        Map<String, String> settings = Map.of("log.cleaner.backoff.ms", "20");
        Map<String, String> expected = new HashMap<>();
        try (Broker broker = start(settings)) {
            create(
                    broker,
                    new NewTopic("t", 1, (short) 1)
                            .configs(Map.of(
                                    "cleanup.policy", "compact",
                                    "segment.bytes", "1048576",
                                    "min.cleanable.dirty.ratio", "0.01")));
            Map<String, Object> config = Map.of("bootstrap.servers", bootstrap(broker));
            try (KafkaProducer<String, String> producer =
                    new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
                for (int i = 0; i < 4000; i++) {
                    String value = i + "x".repeat(1000);
                    producer.send(new ProducerRecord<>("t", "key" + i % 50, value));
                    expected.put("key" + i % 50, value);
                }
            }
            List<ConsumerRecord<String, String>> left = recordsOf(broker);
            for (int i = 0; i < 200 && left.size() > 3000; i++) {
                left = recordsOf(broker);
            }

            assertThat(left).hasSizeLessThanOrEqualTo(3000);
            assertThat(lastOfEachKey(left)).isEqualTo(expected);
            assertThat(left.get(left.size() - 1).offset()).isEqualTo(3999);
        }
        try (Broker broker = start(settings)) {
            assertThat(lastOfEachKey(recordsOf(broker))).isEqualTo(expected);
        }
    }

    /** All records of the one partition of "t", which never become more. */
    private static List<ConsumerRecord<String, String>> recordsOf(Broker broker) {
        List<ConsumerRecord<String, String>> records = new java.util.ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap(broker)), new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(PARTITION));
            consumer.seekToBeginning(List.of(PARTITION));
            long end = consumer.endOffsets(List.of(PARTITION)).get(PARTITION);
            while (consumer.position(PARTITION) < end) {
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            }
        }
        return records;
    }

    private static Map<String, String> lastOfEachKey(List<ConsumerRecord<String, String>> records) {
        Map<String, String> last = new HashMap<>();
        records.forEach(record -> last.put(record.key(), record.value()));
        return last;
    }

    @Test
    void shouldAskForNoMoreReplicasInSyncThanThereAreReplicas() throws Exception {
        try (Broker broker = start()) {
            create(broker, new NewTopic("t", 1, (short) 1).configs(Map.of("min.insync.replicas", "2")));
            Map<String, Object> config = Map.of("bootstrap.servers", bootstrap(broker), "acks", "all");
            try (KafkaProducer<String, String> producer =
                    new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
                assertThat(producer.send(new ProducerRecord<>("t", "v"))
                                .get(30, TimeUnit.SECONDS)
                                .offset())
                        .isZero();
            }
        }
    }

    @Test
    void shouldTellATransactionalProducerAtOnceThatItIsNotServed() {
        try (Broker broker = start()) {
            Map<String, Object> config = Map.of("bootstrap.servers", bootstrap(broker), "transactional.id", "t");
            try (KafkaProducer<String, String> producer =
                    new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
                assertThatThrownBy(producer::initTransactions)
                        .isInstanceOf(KafkaException.class)
                        .isNotInstanceOf(TimeoutException.class);
            }
        }
    }

    @Test
    void shouldStoreTheCodecAndTheTimeThatTheTopicDemands() throws Exception {
        try (Broker broker = start()) {
            create(
                    broker,
                    new NewTopic("t", 1, (short) 1)
                            .configs(Map.of("compression.type", "zstd", "message.timestamp.type", "LogAppendTime")));
            RecordMetadata sent = send(broker, new ProducerRecord<>("t", 0, 5L, "key", "value ".repeat(1000)));

            assertThat(sent.timestamp()).isGreaterThan(1_000_000);
            try (KafkaConsumer<String, String> consumer = consumer(broker)) {
                consumer.assign(List.of(PARTITION));
                consumer.seekToBeginning(List.of(PARTITION));
                assertThat(poll(consumer, 1)).containsExactly("value ".repeat(1000));
            }
            assertThat(Files.size(directory.resolve("data/t-0/00000000000000000000.log")))
                    .isLessThan(1000);
        }
    }

    @Test
    void shouldFindOffsetsByTime() throws Exception {
        try (Broker broker = start()) {
            create(broker, new NewTopic("t", 1, (short) 1));
            long nowMs = System.currentTimeMillis();
            for (int i = 0; i < 10; i++) {
                send(broker, new ProducerRecord<>("t", 0, nowMs - 10_000 + i * 1000, "k", "v" + i));
            }
            try (Admin admin = admin(broker)) {
                assertThat(offset(admin, OffsetSpec.forTimestamp(nowMs - 6_500)))
                        .isEqualTo(4);
                assertThat(offset(admin, OffsetSpec.forTimestamp(nowMs + 1))).isEqualTo(-1);
                assertThat(offset(admin, OffsetSpec.maxTimestamp())).isEqualTo(9);
                assertThat(offset(admin, OffsetSpec.earliest())).isZero();
                assertThat(offset(admin, OffsetSpec.latest())).isEqualTo(10);
            }
        }
    }

    /** A static member that restarts gets its partitions back, and nobody else has to join again (KIP-345). */
    @Test
    void shouldGiveAStaticMemberItsPartitionsBack() throws Exception {
        try (Broker broker = start(Map.of("group.initial.rebalance.delay.ms", "0"))) {
            create(broker, new NewTopic("t", 2, (short) 1));
            try (KafkaConsumer<String, String> other = staticMember(broker, "other")) {
                KafkaConsumer<String, String> restarted = staticMember(broker, "restarted");
                joined(other, restarted);
                int generation = other.groupMetadata().generationId();
                var assignment = restarted.assignment();
                restarted.close();

                restarted = staticMember(broker, "restarted");
                joined(other, restarted);

                assertThat(restarted.assignment()).isEqualTo(assignment);
                assertThat(restarted.groupMetadata().generationId()).isEqualTo(generation);
                assertThat(other.groupMetadata().generationId()).isEqualTo(generation);
                restarted.close();
            }
        }
    }

    private static KafkaConsumer<String, String> staticMember(Broker broker, String instance) {
        KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap(broker), "group.id", "static", "group.instance.id", instance),
                new StringDeserializer(),
                new StringDeserializer());
        consumer.subscribe(List.of("t"));
        return consumer;
    }

    private static void joined(KafkaConsumer<String, String> first, KafkaConsumer<String, String> second) {
        for (int polls = 0; polls < 200; polls++) {
            first.poll(Duration.ofMillis(50));
            second.poll(Duration.ofMillis(50));
            if (first.assignment().size() == 1 && second.assignment().size() == 1) {
                return;
            }
        }
        throw new AssertionError("not joined: " + first.assignment() + ", " + second.assignment());
    }

    @Test
    void shouldRefuseADirectoryThatIsNotItsOwn() throws Exception {
        start().close();
        assertThatThrownBy(() -> start(Map.of("node.id", "7")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("belongs to another broker");

        Files.createDirectories(directory.resolve("foreign"));
        Files.writeString(directory.resolve("foreign/file"), "something");
        assertThatThrownBy(() ->
                        start(Map.of("log.dirs", directory.resolve("foreign").toString())))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("not empty");
        try (Broker broker = start()) {
            assertThat(broker.nodeId()).isZero();
            assertThatThrownBy(this::start).isInstanceOf(ConfigException.class).hasMessageContaining("in use");
        }
    }

    @Test
    void shouldSpreadPartitionsOverItsDirectories() throws Exception {
        String both = directory.resolve("one") + "," + directory.resolve("two");
        try (Broker broker = start(Map.of("log.dirs", both))) {
            create(broker, new NewTopic("t", 4, (short) 1));
        }
        for (String one : List.of("one", "two")) {
            try (var files = Files.list(directory.resolve(one))) {
                assertThat(files.filter(file -> file.getFileName().toString().startsWith("t-")))
                        .hasSize(2);
            }
        }
    }

    private Broker start() {
        return start(Map.of());
    }

    private Broker start(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>();
        all.put("log.dirs", directory.resolve("data").toString());
        all.put("listeners", "PLAINTEXT://127.0.0.1:0");
        all.put("offsets.topic.num.partitions", "3");
        all.putAll(settings);
        return Broker.start(ConfigValues.of(all));
    }

    private static String bootstrap(Broker broker) {
        InetSocketAddress address = broker.listeners().get(0);
        return address.getHostString() + ":" + address.getPort();
    }

    private static Admin admin(Broker broker) {
        return Admin.create(Map.of("bootstrap.servers", bootstrap(broker)));
    }

    private static void create(Broker broker, NewTopic topic) throws Exception {
        try (Admin admin = admin(broker)) {
            admin.createTopics(List.of(topic)).all().get(30, TimeUnit.SECONDS);
        }
    }

    private static long offset(Admin admin, OffsetSpec spec) throws Exception {
        return admin.listOffsets(Map.of(PARTITION, spec))
                .all()
                .get(30, TimeUnit.SECONDS)
                .get(PARTITION)
                .offset();
    }

    private static void produce(Broker broker, String topic, String key, String... values) throws Exception {
        for (String value : values) {
            send(broker, new ProducerRecord<>(topic, key, value));
        }
    }

    private static RecordMetadata send(Broker broker, ProducerRecord<String, String> record) throws Exception {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap(broker), "linger.ms", 0);
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            return producer.send(record).get(30, TimeUnit.SECONDS);
        }
    }

    private static KafkaConsumer<String, String> consumer(Broker broker) {
        return new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap(broker), "group.id", "g", "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                new StringDeserializer());
    }

    private static List<String> poll(KafkaConsumer<String, String> consumer, int atLeast) {
        List<String> values = new java.util.ArrayList<>();
        for (int polls = 0; values.size() < atLeast && polls < 100; polls++) {
            for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                values.add(record.value());
            }
        }
        return values;
    }
}
