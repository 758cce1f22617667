// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.FreePorts;
import io.varve.broker.quorum.QuorumServer;
import io.varve.coordination.zookeeper.config.ZooConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.zookeeper.ZooKeeper;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker that is paused until its session has expired. */
class ExpiredSessionIT {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    private Path directory;

    private final String servers = "127.0.0.1:" + FreePorts.find(1).get(0);

    @Test
    void shouldComeBackAsABroker() throws Exception {
        try (QuorumServer quorum = quorum();
                ZooKeeper tree = new ZooKeeper(servers, 10_000, event -> {});
                BrokerProcess one = broker(1);
                BrokerProcess two = broker(2);
                Admin admin = admin(two)) {
            admin.createTopics(List.of(new NewTopic("t", 2, (short) 1))).all().get(60, TimeUnit.SECONDS);
            assertThat(data(tree, "/controller")).contains("\"brokerid\":1");

            one.signal("STOP");
            Awaitility.await().atMost(PATIENCE).until(() -> tree.exists("/brokers/ids/1", false) == null);
            Awaitility.await().atMost(PATIENCE).ignoreExceptions().until(() -> data(tree, "/controller")
                    .contains("\"brokerid\":2"));
            createKnowingTheController(two, "meanwhile");
            one.signal("CONT");

            Awaitility.await().atMost(PATIENCE).until(() -> tree.exists("/brokers/ids/1", false) != null);
            assertThat(one.log()).contains("The session is lost").contains("A new session");
            Awaitility.await().atMost(PATIENCE).until(() -> topics(one).contains("meanwhile"));
            createKnowingTheController(one, "after");
            try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                    Map.of("bootstrap.servers", one.bootstrap()), new StringSerializer(), new StringSerializer())) {
                for (int partition = 0; partition < 2; partition++) {
                    producer.send(new ProducerRecord<>("t", partition, null, "x"))
                            .get(60, TimeUnit.SECONDS);
                    producer.send(new ProducerRecord<>("after", partition, null, "x"))
                            .get(60, TimeUnit.SECONDS);
                }
            }
        }
    }

    private static Admin admin(BrokerProcess broker) {
        return Admin.create(Map.of("bootstrap.servers", broker.bootstrap()));
    }

    /** A client that has known the paused controller would wait for it. */
    private static void createKnowingTheController(BrokerProcess broker, String topic) throws Exception {
        try (Admin admin = admin(broker)) {
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> admin.describeCluster().controller().get().id() == 2);
        }
        try (Admin admin = admin(broker)) {
            admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1))).all().get(60, TimeUnit.SECONDS);
        }
    }

    private static Set<String> topics(BrokerProcess broker) throws Exception {
        try (Admin admin = admin(broker)) {
            return admin.listTopics().names().get(60, TimeUnit.SECONDS);
        }
    }

    private static String data(ZooKeeper tree, String path) throws Exception {
        return new String(tree.getData(path, false, null), UTF_8);
    }

    private QuorumServer quorum() throws IOException {
        Path file = Files.writeString(
                directory.resolve("zoo.cfg"),
                "dataDir=" + directory.resolve("quorum")
                        + "\ntickTime=500\nadmin.enableServer=false\nclientPortAddress=127.0.0.1\nclientPort="
                        + servers.substring(servers.indexOf(':') + 1) + "\n");
        return QuorumServer.start(ZooConfig.load(file), Files.readString(file));
    }

    private BrokerProcess broker(int id) {
        return BrokerProcess.start(
                directory.resolve("broker" + id),
                "node.id=" + id,
                "zookeeper.connect=" + servers,
                "zookeeper.session.timeout.ms=2000",
                "zookeeper.connection.timeout.ms=30000");
    }
}
