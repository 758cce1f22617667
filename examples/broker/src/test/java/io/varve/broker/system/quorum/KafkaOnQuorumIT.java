// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.target.Quorum;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.curator.framework.CuratorFramework;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The last Kafka that keeps its cluster in ZooKeeper, 3.9, on the quorum: a whole system that was written for another. */
@Tag("foreign")
class KafkaOnQuorumIT {

    private static final Path JARS =
            Path.of("src/it/kafka-on-zookeeper/target/lib").toAbsolutePath();
    private static final Duration READY = Duration.ofMinutes(2);
    private static final int RECORDS = 100;

    @Test
    void shouldCarryAKafkaCluster(@TempDir Path directory) throws Exception {
        try (Quorum quorum = TargetQuorum.start(directory);
                CuratorFramework tree = TargetQuorum.connect(quorum)) {
            int port = freePort();
            Process kafka = start(directory, quorum, port);
            try {
                String bootstrap = "127.0.0.1:" + port;
                awaitBroker(kafka, directory, () -> tree.checkExists().forPath("/kafka/brokers/ids/7") != null);
                createTopic(bootstrap);
                produce(bootstrap);

                assertThat(consume(bootstrap)).containsExactlyElementsOf(values());

                assertThat(tree.getChildren().forPath("/kafka/brokers/topics")).contains("orders");
                assertThat(new String(tree.getData().forPath("/kafka/controller"), UTF_8))
                        .contains("\"brokerid\":7");
            } finally {
                kafka.destroyForcibly().waitFor();
            }
            // Its session ends, and with it what says that it lives.
            Awaitility.await().atMost(READY).until(() -> tree.checkExists().forPath("/kafka/brokers/ids/7") == null);
            assertThat(tree.checkExists().forPath("/kafka/controller")).isNull();
        }
    }

    private static void awaitBroker(Process kafka, Path directory, Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(READY)
                .failFast(() -> assertThat(kafka.isAlive())
                        .as("Kafka runs; it printed%n%s", Files.readString(directory.resolve("kafka.txt")))
                        .isTrue())
                .until(condition);
    }

    private static Process start(Path directory, Quorum quorum, int port) throws IOException {
        assertThat(JARS).as("Kafka; mvn verify -Pforeign-clients fetches it").exists();
        Path properties = directory.resolve("server.properties");
        Files.write(
                properties,
                List.of(
                        "broker.id=7",
                        "listeners=PLAINTEXT://127.0.0.1:" + port,
                        "log.dirs=" + directory.resolve("kafka-data"),
                        "zookeeper.connect=" + quorum.connectString() + "/kafka",
                        "zookeeper.session.timeout.ms=6000",
                        "offsets.topic.replication.factor=1",
                        "offsets.topic.num.partitions=1",
                        "group.initial.rebalance.delay.ms=0"));
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx384m",
                        "-XX:+UseSerialGC",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-cp",
                        JARS + "/*",
                        "kafka.Kafka",
                        properties.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("kafka.txt").toFile())
                .start();
    }

    private static void createTopic(String bootstrap) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic("orders", 1, (short) 1)))
                    .all()
                    .get(60, TimeUnit.SECONDS);
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.TOPIC, "orders"),
                            List.of(new AlterConfigOp(
                                    new ConfigEntry("retention.ms", "9999999"), AlterConfigOp.OpType.SET))))
                    .all()
                    .get(60, TimeUnit.SECONDS);
        }
    }

    private static List<String> values() {
        return IntStream.range(0, RECORDS).mapToObj(i -> "record " + i).toList();
    }

    private static void produce(String bootstrap) {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap), new StringSerializer(), new StringSerializer())) {
            values().forEach(value -> producer.send(new ProducerRecord<>("orders", value)));
        }
    }

    private static List<String> consume(String bootstrap) {
        List<String> consumed = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "group.id", "clerks", "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                new StringDeserializer())) {
            consumer.subscribe(List.of("orders"));
            Awaitility.await().atMost(READY).until(() -> {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500))) {
                    consumed.add(record.value());
                }
                return consumed.size() >= RECORDS;
            });
        }
        return consumed;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
