// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.coordination.tree.MemberStatus;
import io.varve.coordination.zookeeper.config.ZooConfig;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.proto.CreateRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class FourLetterWordsTest {

    private static final byte[] DATA = {1, 2, 3};

    /** What the ZooKeeper plugins of Datadog, Telegraf, Zabbix and Prometheus read, and what a member alone has. */
    private static final Set<String> READ_BY_MONITORS = Set.of(
            "zk_version",
            "zk_server_state",
            "zk_avg_latency",
            "zk_max_latency",
            "zk_min_latency",
            "zk_packets_received",
            "zk_packets_sent",
            "zk_num_alive_connections",
            "zk_outstanding_requests",
            "zk_znode_count",
            "zk_watch_count",
            "zk_ephemerals_count",
            "zk_approximate_data_size",
            "zk_open_file_descriptor_count",
            "zk_max_file_descriptor_count",
            "zk_uptime",
            "zk_global_sessions",
            "zk_connection_request_count",
            "zk_connection_rejected",
            "zk_bytes_received_count",
            "zk_response_bytes");

    private static String ask(int port, String word) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(word.getBytes(US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    /** The same things for both servers. */
    private static ZooKeeper play(int port) throws Exception {
        final LinkedBlockingQueue<WatchedEvent> events = new LinkedBlockingQueue<>();
        final ZooKeeper client = new ZooKeeper("127.0.0.1:" + port, 10_000, events::add);
        assertThat(events.poll(20, TimeUnit.SECONDS)).isNotNull();
        client.create("/a", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        client.create("/a/e", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        client.getData("/a", true, null);
        client.exists("/b", true);
        return client;
    }

    /** Numbers and names of hosts are of no matter; neither is the connection that asks, which theirs counts. */
    private static List<String> shape(String text) {
        return text.lines()
                .filter(line -> !line.contains("recved=1,sent=0"))
                .map(line -> line.replaceAll("0x[0-9a-f]+", "HEX"))
                .map(line -> line.replaceAll("[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+", "HOST"))
                .map(line -> line.replaceAll("3\\.9\\.5-[^,]*, built on .*", "VERSION"))
                .map(line -> line.replaceAll("-?[0-9]+(\\.[0-9]+)?", "N"))
                .collect(Collectors.toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"ruok", "srvr", "stat", "cons", "crst", "srst", "isro", "wchs", "wchc", "wchp", "dirs"})
    void shouldPrintLineForLineWhatApachePrints(String word, @TempDir Path directory) throws Exception {
        try (TestServer ours = new TestServer();
                ApacheServer theirs = new ApacheServer(directory, "*")) {
            final ZooKeeper ofOurs = play(ours.port());
            final ZooKeeper ofTheirs = play(theirs.port());

            // The epoch is a line of our own: it is not in the zxid.
            final String own = ask(ours.port(), word).replaceAll("(?m)^Epoch: [0-9]+\\n", "");
            final String expected = ask(theirs.port(), word);

            assertThat(shape(own)).isEqualTo(shape(expected));
            assertThat(own.endsWith("\n")).isEqualTo(expected.endsWith("\n"));
            ofOurs.close();
            ofTheirs.close();
        }
    }

    @Test
    void shouldGiveTheSameFiguresWhereTheyMustBeTheSame(@TempDir Path directory) throws Exception {
        try (TestServer ours = new TestServer();
                ApacheServer theirs = new ApacheServer(directory, "*")) {
            final ZooKeeper ofOurs = play(ours.port());
            final ZooKeeper ofTheirs = play(theirs.port());

            assertThat(ask(ours.port(), "wchs")).isEqualTo(ask(theirs.port(), "wchs"));
            for (String line : List.of("Mode: ", "Node count: ", "Outstanding: ")) {
                assertThat(line(ask(ours.port(), "srvr"), line)).isEqualTo(line(ask(theirs.port(), "srvr"), line));
            }
            for (String key : List.of(
                    "zk_server_state",
                    "zk_znode_count",
                    "zk_watch_count",
                    "zk_ephemerals_count",
                    "zk_approximate_data_size",
                    "zk_global_sessions",
                    "zk_outstanding_requests")) {
                assertThat(line(ask(ours.port(), "mntr"), key + "\t"))
                        .as(key)
                        .isEqualTo(line(ask(theirs.port(), "mntr"), key + "\t"));
            }
            ofOurs.close();
            ofTheirs.close();
        }
    }

    private static String line(String text, String prefix) {
        return text.lines().filter(line -> line.startsWith(prefix)).findFirst().orElse("no line " + prefix);
    }

    /** The settings are those that a zoo.cfg gives to the word. */
    @Test
    void shouldPrintTheConfigurationAsApacheDoes(@TempDir Path directory) throws Exception {
        Files.writeString(directory.resolve("zoo.cfg"), "tickTime=2000\nclientPort=2181\ndataDir=" + directory);
        final ZooConfig config = ZooConfig.load(directory.resolve("zoo.cfg"));
        final FakeReplica replica = FakeReplica.immediate();
        final ZooKeeperFrontEnd frontEnd =
                TestClient.frontEnd(replica, TestClient.CONFIG.withWords(Set.of("*")), null, config::settings);
        try (ApacheServer theirs = new ApacheServer(directory, "*")) {
            final String expected = ask(theirs.port(), "conf");

            assertThat(keysOf(frontEnd.answerWord("conf"))).isEqualTo(keysOf(expected));
            assertThat(line(frontEnd.answerWord("conf"), "maxSessionTimeout="))
                    .isEqualTo(line(expected, "maxSessionTimeout="));
        }
        replica.become(MemberStatus.Role.FOLLOWER);
        assertThat(frontEnd.answerWord("conf")).endsWith("serverId=0\nmembership: \n");
    }

    private static List<String> keysOf(String text) {
        return text.lines().map(line -> line.replaceAll("=.*", "")).toList();
    }

    @Test
    void shouldHaveTheKeysOfTheirMonitor(@TempDir Path directory) throws Exception {
        try (TestServer ours = new TestServer();
                ApacheServer theirs = new ApacheServer(directory, "*")) {
            final Set<String> own = keys(ask(ours.port(), "mntr"));
            final Set<String> expected = keys(ask(theirs.port(), "mntr"));

            assertThat(expected).containsAll(own);
            assertThat(own).containsAll(READ_BY_MONITORS);
        }
    }

    private static Set<String> keys(String text) {
        return text.lines()
                .map(line -> line.substring(0, Math.max(0, line.indexOf('\t'))))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void shouldAnswerOnlyWhatIsOnTheWhiteList(@TempDir Path directory) throws Exception {
        try (TestServer ours = new TestServer(TestClient.CONFIG);
                ApacheServer theirs = new ApacheServer(directory, "")) {
            for (String word : List.of("ruok", "stat", "mntr", "dump", "wchc", "conf", "envi")) {
                assertThat(ask(ours.port(), word))
                        .isEqualTo(ask(theirs.port(), word))
                        .contains("not in the whitelist");
            }
            assertThat(ask(ours.port(), "srvr")).contains("Mode: standalone");
            assertThat(ask(ours.port(), "isro")).isEqualTo("rw");
        }
    }

    @Test
    void shouldDumpSessionsAndEphemerals() throws Exception {
        try (TestServer ours = new TestServer()) {
            final ZooKeeper client = play(ours.port());
            final String session = "0x" + Long.toHexString(client.getSessionId());

            assertThat(ask(ours.port(), "dump"))
                    .startsWith("SessionTracker dump:\nGlobal Sessions(1):\n" + session + "\t10000ms\n"
                            + "ephemeral nodes dump:\nSessions with Ephemerals (1):\n" + session + ":\n\t/a/e\n"
                            + "Connections dump:\n\tip: /127.0.0.1:")
                    .endsWith(" sessionId: " + session + "\n");
            assertThat(ask(ours.port(), "conf")).isEqualTo("clientPort=2181\ntickTime=2000\n");
            assertThat(ask(ours.port(), "envi")).isEqualTo("Environment:\njava.version=17\n");
            assertThat(ask(ours.port(), "hash")).matches("[0-9a-f]+: -?[0-9]+\n");
            assertThat(ask(ours.port(), "gtmk")).contains("no meaning");
            client.close();
        }
    }

    @Test
    void shouldTellTheRoleInAQuorum() {
        final FakeReplica replica = FakeReplica.immediate();
        final ZooKeeperFrontEnd frontEnd = TestClient.frontEnd(replica, TestClient.CONFIG.withWords(Set.of("*")), null);

        replica.become(MemberStatus.Role.LEADER);
        assertThat(frontEnd.answerWord("srvr"))
                .contains("Mode: leader\n")
                .containsPattern("Proposal sizes last/min/max: -1/-1/-1\nEpoch: [0-9]+\n$");
        assertThat(frontEnd.answerWord("mntr"))
                .contains(
                        "zk_server_state\tleader\n",
                        "zk_synced_followers\t2\n",
                        "zk_learners\t3\n",
                        "zk_quorum_size\t3\n");
        replica.become(MemberStatus.Role.FOLLOWER);
        assertThat(frontEnd.answerWord("mntr"))
                .contains("zk_server_state\tfollower\n")
                .doesNotContain("zk_synced_followers");
        replica.serve(false);
        assertThat(frontEnd.answerWord("srvr"))
                .isEqualTo("This ZooKeeper instance is not currently serving requests\n");
        assertThat(frontEnd.answerWord("isro")).isEqualTo("null");
        assertThat(frontEnd.answerWord("ruok")).isEqualTo("imok");
    }

    @Test
    void shouldResetFigures() {
        final FakeReplica replica = FakeReplica.immediate();
        final ZooKeeperFrontEnd frontEnd = TestClient.frontEnd(replica, TestClient.CONFIG.withWords(Set.of("*")), null);
        final TestClient client = new TestClient(frontEnd);
        client.open();
        client.call(ErrorCode.OK, OpCode.CREATE, new CreateRequest("/a", DATA, Ids.OPEN_ACL_UNSAFE, 0));
        assertThat(frontEnd.answerWord("srvr")).contains("Received: 2\nSent: 2\n");
        assertThat(frontEnd.answerWord("cons")).contains("recved=2,sent=2,", ",lop=CREA,", ",lcxid=0x1,");

        frontEnd.answerWord("srst");
        frontEnd.answerWord("crst");

        assertThat(frontEnd.answerWord("srvr")).contains("Received: 0\nSent: 0\n");
        assertThat(frontEnd.answerWord("cons"))
                .contains("recved=0,sent=0,", ",lop=NA,")
                .doesNotContain("lcxid");
    }

    @Test
    void shouldKnowWordsFromLengths() {
        assertThat(ZooKeeperFrontEnd.isWord("ruok")).isTrue();
        assertThat(ZooKeeperFrontEnd.isWord("RUOK")).isFalse();
        assertThat(ZooKeeperFrontEnd.isWord("\0\0\0,")).isFalse();
    }
}
