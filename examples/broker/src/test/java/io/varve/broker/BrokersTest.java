// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.broker.config.ConfigException;
import io.varve.broker.config.ConfigValues;
import io.varve.broker.quorum.QuorumServer;
import io.varve.coordination.zookeeper.config.ZooConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Brokers on whatever holds the state of their cluster: an ensemble, or a quorum of their own. */
@Timeout(
        value = 3,
        unit = TimeUnit.MINUTES,
        threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // members wait for each other without end
class BrokersTest {

    @TempDir
    private Path directory;

    private final Map<Integer, Broker> brokers = new TreeMap<>();
    private final int clientPort = FreePorts.find(1).get(0);

    @AfterEach
    void close() {
        brokers.values().forEach(Broker::close);
    }

    @Test
    void shouldServeFromAnEnsemble() throws Exception {
        try (QuorumServer ensemble = ensemble()) {
            start(1, onEnsemble());

            create(new NewTopic("t", 2, (short) 1));
            produce("t", 0, "a");
            assertThat(consume("t", 1)).containsExactly("a");
            assertThat(read("/brokers/ids/1"))
                    .contains("\"endpoints\":[\"PLAINTEXT://127.0.0.1:"
                            + brokers.get(1).listeners().get(0).getPort() + "\"]");
            assertThat(read("/brokers/topics/t/partitions/1/state")).contains("\"leader\":1");

            stop(1);
            assertThatThrownBy(() -> read("/brokers/ids/1")).isInstanceOf(KeeperException.NoNodeException.class);

            start(1, onEnsemble());
            produce("t", 0, "b");
            assertThat(consume("t", 2)).containsExactly("a", "b");
        }
    }

    @Test
    void shouldKeepAClusterBelowAPathOfItsOwn() throws Exception {
        try (QuorumServer ensemble = ensemble()) {
            start(1, Map.of("zookeeper.connect", "127.0.0.1:" + clientPort + "/apps/kafka"));

            assertThat(read("/apps/kafka/controller")).contains("\"brokerid\":1");
            assertThatThrownBy(() -> read("/controller")).isInstanceOf(KeeperException.NoNodeException.class);
        }
    }

    @Test
    void shouldShareTopicsAmongBrokersAndElectTheNextController() throws Exception {
        try (QuorumServer ensemble = ensemble()) {
            start(1, onEnsemble());
            start(2, onEnsemble());
            assertThat(read("/controller")).contains("\"brokerid\":1");

            create(new NewTopic("t", 2, (short) 1));
            produce("t", 0, "on one");
            produce("t", 1, "on the other");
            assertThat(leaders("t")).containsExactlyInAnyOrder(1, 2);
            assertThat(consume("t", 2)).containsExactlyInAnyOrder("on one", "on the other");
            assertThatThrownBy(() -> create(new NewTopic("three", 1, (short) 3)))
                    .hasCauseInstanceOf(InvalidReplicationFactorException.class)
                    .hasMessageContaining("Replication factor: 3 larger than available brokers: 2.");

            stop(1);

            Awaitility.await()
                    .untilAsserted(() -> assertThat(read("/controller")).contains("\"brokerid\":2"));
            create(new NewTopic("u", 1, (short) 1));
            produce("u", 0, "c");
            assertThat(leaders("u")).containsExactly(2);
            assertThat(leaders("t")).containsExactlyInAnyOrder(-1, 2);

            start(1, onEnsemble());
            assertThat(consume("t", 2)).containsExactlyInAnyOrder("on one", "on the other");
        }
    }

    @Test
    void shouldServeEveryClientAtABrokerThatIsNotTheController() throws Exception {
        try (QuorumServer ensemble = ensemble()) {
            start(1, onEnsemble());
            start(2, onEnsemble());
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap(2)));
                    KafkaProducer<String, String> producer = producer(2)) {
                producer.send(new ProducerRecord<>("used", "a")).get(30, TimeUnit.SECONDS); // creates the topic
                ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "used");
                AlterConfigOp change =
                        new AlterConfigOp(new ConfigEntry("retention.ms", "1000"), AlterConfigOp.OpType.SET);

                admin.incrementalAlterConfigs(Map.of(topic, List.of(change)))
                        .all()
                        .get(30, TimeUnit.SECONDS);

                assertThat(read("/config/topics/used")).contains("\"retention.ms\":\"1000\"");
            }
        }
    }

    @Test
    void shouldNameTheKeyWhenNoEnsembleAnswers() throws IOException {
        Path file = Files.writeString(
                directory.resolve("server.properties"),
                "log.dirs=" + directory.resolve("data")
                        + "\nzookeeper.connect=127.0.0.1:" + clientPort
                        + "\nzookeeper.connection.timeout.ms=300\n");

        assertThatThrownBy(() -> Broker.start(ConfigValues.load(file, List.of())))
                .isInstanceOf(ConfigException.class)
                .hasMessage(file + ":2: zookeeper.connect: no server of 127.0.0.1:" + clientPort
                        + " has accepted a session within 300 ms; start the ensemble or correct the addresses, or remove the key"
                        + " to let the broker coordinate by itself");
    }

    @Test
    void shouldNotTakePartitionsToAnotherPlaceOfTheState() throws Exception {
        start(1, Map.of());
        create(new NewTopic("t", 1, (short) 1));
        stop(1);

        try (QuorumServer ensemble = ensemble()) {
            assertThatThrownBy(() -> start(1, onEnsemble()))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("holds no cluster");

            start(2, onEnsemble());
            assertThatThrownBy(() -> start(1, onEnsemble()))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("belongs to another cluster");
        }
        assertThat(directory.resolve("data1/t-0")).isDirectory();
    }

    @Test
    void shouldRefuseTheMetadataOfTheEarlierVersion() throws IOException {
        Files.createDirectories(directory.resolve("data1/tree"));
        Files.writeString(directory.resolve("data1/meta.properties"), "version=1\nnode.id=1\ncluster.id=abc\n");

        assertThatThrownBy(() -> start(1, Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("log.dirs: " + directory.resolve("data1/tree"))
                .hasMessageContaining("earlier development version");
        assertThat(directory.resolve("data1/quorum")).doesNotExist();
    }

    @Test
    void shouldBeAQuorumOfThreeBrokers() throws Exception {
        Map<String, String> members = members();
        startAll(members);

        assertThat(read("/brokers/ids/2")).contains("PLAINTEXT");
        create(new NewTopic("t", 3, (short) 1));
        for (int partition = 0; partition < 3; partition++) {
            produce("t", partition, "p" + partition);
        }
        assertThat(leaders("t")).containsExactlyInAnyOrder(1, 2, 3);

        stop(3);
        create(new NewTopic("u", 2, (short) 1));
        assertThat(leaders("u")).containsExactlyInAnyOrder(1, 2);

        start(3, members);
        assertThat(consume("t", 3)).containsExactlyInAnyOrder("p0", "p1", "p2");
    }

    @Test
    void shouldNotEnlargeAQuorumOfOneByLines() {
        start(1, Map.of());
        stop(1);

        assertThatThrownBy(() -> start(1, members()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("server.1: this broker's directory is of a quorum of one");
    }

    private QuorumServer ensemble() throws IOException {
        Path data = directory.resolve("ensemble");
        Path file = Files.writeString(
                directory.resolve("zoo.cfg"),
                "dataDir=" + data + "\ntickTime=500\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\nclientPort="
                        + clientPort + "\n");
        return QuorumServer.start(ZooConfig.load(file), Files.readString(file));
    }

    private Map<String, String> onEnsemble() {
        return Map.of("zookeeper.connect", "127.0.0.1:" + clientPort, "zookeeper.session.timeout.ms", "6000");
    }

    private final List<Integer> peerPorts = FreePorts.find(6);

    /** The lines of three brokers; the second serves ZooKeeper's clients. */
    private Map<String, String> members() {
        Map<String, String> lines = new HashMap<>();
        for (int id = 1; id <= 3; id++) {
            lines.put(
                    "server." + id,
                    "127.0.0.1:" + peerPorts.get(2 * id - 2) + ":" + peerPorts.get(2 * id - 1)
                            + (id == 2 ? ";127.0.0.1:" + clientPort : ""));
        }
        return lines;
    }

    private void startAll(Map<String, String> settings) {
        CompletableFuture.allOf(IntStream.rangeClosed(1, 3)
                        .mapToObj(id -> CompletableFuture.runAsync(() -> start(id, settings)))
                        .toArray(CompletableFuture[]::new))
                .join();
    }

    private void start(int id, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("node.id", Integer.toString(id));
        all.put("log.dirs", directory.resolve("data" + id).toString());
        all.put("listeners", "PLAINTEXT://127.0.0.1:0");
        all.put("offsets.topic.num.partitions", "3");
        all.put("auto.balance.enable", "false");
        Broker broker = Broker.start(ConfigValues.of(all));
        synchronized (brokers) {
            brokers.put(id, broker);
        }
    }

    private void stop(int id) {
        brokers.remove(id).close();
    }

    private String read(String path) {
        try (ZooKeeper client = new ZooKeeper("127.0.0.1:" + clientPort, 10_000, event -> {})) {
            return new String(client.getData(path, false, null), UTF_8);
        } catch (KeeperException e) {
            throw sneaky(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static <E extends Exception> E sneaky(Exception e) throws E {
        throw (E) e;
    }

    private String bootstrap(int id) {
        InetSocketAddress address = brokers.get(id).listeners().get(0);
        return address.getHostString() + ":" + address.getPort();
    }

    private String bootstrap() {
        return brokers.keySet().stream().map(this::bootstrap).collect(Collectors.joining(","));
    }

    private void create(NewTopic topic) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap()))) {
            admin.createTopics(List.of(topic)).all().get(30, TimeUnit.SECONDS);
        }
    }

    /** Of the partitions in their order, -1 for one without. */
    private List<Integer> leaders(String topic) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap()))) {
            List<Integer> leaders = new ArrayList<>();
            admin.describeTopics(List.of(topic))
                    .allTopicNames()
                    .get(30, TimeUnit.SECONDS)
                    .get(topic)
                    .partitions()
                    .forEach(partition -> leaders.add(id(partition.leader())));
            return leaders;
        }
    }

    private static int id(Node leader) {
        return leader == null || leader.isEmpty() ? -1 : leader.id();
    }

    private KafkaProducer<String, String> producer(int id) {
        return new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap(id), "linger.ms", 0),
                new StringSerializer(),
                new StringSerializer());
    }

    private void produce(String topic, int partition, String value) throws Exception {
        try (KafkaProducer<String, String> producer =
                producer(brokers.keySet().iterator().next())) {
            producer.send(new ProducerRecord<>(topic, partition, null, value)).get(30, TimeUnit.SECONDS);
        }
    }

    private List<String> consume(String topic, int count) {
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        bootstrap(),
                        "group.id",
                        "g",
                        "enable.auto.commit",
                        false,
                        "auto.offset.reset",
                        "earliest"),
                new StringDeserializer(),
                new StringDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            List<String> values = new ArrayList<>();
            for (int polls = 0; values.size() < count && polls < 100; polls++) {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
            }
            return values;
        }
    }
}
