// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ClusterTest {

    private static final String SAYS_READY = "echo ready; exec sleep 600";

    private static Cluster.Plan plan(ClusterTarget target, Path directory) {
        return Cluster.Plan.of(target, 3, directory, Map.of("log.segment.bytes", "1048576"));
    }

    private static List<String> settings(ClusterBroker broker) throws IOException {
        return Files.readAllLines(broker.directory().resolve("server.properties"));
    }

    private static String value(ClusterBroker broker, String key) throws IOException {
        return settings(broker).stream()
                .filter(line -> line.startsWith(key + "="))
                .findFirst()
                .orElseThrow()
                .substring(key.length() + 1);
    }

    @Test
    void shouldWriteWhatBrokersOfVarveAreConfiguredBy(@TempDir Path directory) throws Exception {
        VarveCluster target = VarveCluster.ofLauncher(Files.createFile(directory.resolve("varve")));
        try (Cluster cluster = Cluster.configure(plan(target, directory))) {
            ClusterBroker second = cluster.broker(2);

            assertThat(settings(second))
                    .contains("node.id=2", "log.segment.bytes=1048576", "inter.broker.listener.name=BROKER")
                    .contains("log.dirs=" + second.directory().resolve("data"));
            assertThat(settings(second).stream().filter(line -> line.startsWith("server.")))
                    .hasSize(3);
            assertThat(value(second, "advertised.listeners")).startsWith("PLAINTEXT://" + second.bootstrap() + ",");
            assertThat(cluster.bootstrap().split(",")).hasSize(3).doesNotHaveDuplicates();

            ClusterBroker fourth = cluster.add();

            assertThat(settings(fourth)).contains("node.id=4").noneMatch(line -> line.startsWith("server."));
            assertThat(value(fourth, "zookeeper.connect").split(",")).hasSize(3);
        }
    }

    @Test
    void shouldPutTheStateIntoAnEnsemble(@TempDir Path directory) throws Exception {
        VarveCluster target = VarveCluster.ofLauncher(Files.createFile(directory.resolve("varve")));
        ApacheTarget servers = new ApacheTarget(directory, List.of());
        try (Quorum ensemble = Quorum.configure(servers, 3, directory.resolve("ensemble"), Map.of());
                Cluster cluster = Cluster.configure(
                        new Cluster.Plan(target, 2, directory.resolve("cluster"), Map.of(), ensemble, false))) {
            assertThat(value(cluster.broker(1), "zookeeper.connect")).isEqualTo(ensemble.connectString());
            assertThat(settings(cluster.broker(1))).noneMatch(line -> line.startsWith("server."));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new KafkaCluster(directory, List.of())
                            .settings(
                                    new BrokerPlace(1, "127.0.0.1", 1, 1, 2, 3, 4, 5),
                                    new ClusterLayout(List.of(), ensemble.connectString())))
                    .withMessageContaining("ensemble=" + ensemble.connectString());
        }
    }

    @Test
    void shouldSettleWhoAreKafkasControllers(@TempDir Path directory) {
        KafkaCluster target = new KafkaCluster(directory, List.of());
        BrokerPlace first = new BrokerPlace(1, "127.0.0.1", 10, 10, 11, 12, 13, 14);
        BrokerPlace later = new BrokerPlace(2, "127.0.0.1", 20, 20, 21, 22, 23, 24);
        ClusterLayout layout = new ClusterLayout(List.of(first), "");

        assertThat(target.settings(first, layout))
                .containsEntry("process.roles", "broker,controller")
                .containsEntry("controller.quorum.voters", "1@127.0.0.1:12")
                .containsEntry("listeners", "PLAINTEXT://127.0.0.1:10,BROKER://127.0.0.1:11,CONTROLLER://127.0.0.1:12");
        assertThat(target.settings(later, layout))
                .containsEntry("process.roles", "broker")
                .containsEntry("controller.quorum.voters", "1@127.0.0.1:12")
                .containsEntry("listeners", "PLAINTEXT://127.0.0.1:20,BROKER://127.0.0.1:21");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldGiveEachProcessItsOwnWayToEachOther(@TempDir Path directory) throws Exception {
        VarveCluster target = VarveCluster.ofLauncher(Files.createFile(directory.resolve("varve")));
        try (Cluster cluster = Cluster.configure(new Cluster.Plan(target, 3, directory, Map.of(), null, true))) {
            ClusterBroker second = cluster.broker(2);

            assertThat(value(second, "advertised.listeners")).contains("BROKER://broker-2:");
            assertThat(Files.readAllLines(second.directory().resolve("hosts")))
                    .contains("127.0.2.1 broker-1", "127.0.0.1 broker-2", "127.0.2.3 broker-3", "127.0.0.1 localhost");
            assertThat(value(second, "listeners")).as("clients take the relay").doesNotContain(second.bootstrap());
        }
    }

    @Test
    void shouldStopPauseAndStartABroker(@TempDir Path directory) {
        try (Cluster cluster = Cluster.start(plan(new Script(SAYS_READY), directory))) {
            ClusterBroker broker = cluster.broker(1);
            long first = broker.pid();
            broker.pause();
            broker.resume();
            broker.stop();
            assertThat(broker.isRunning()).isFalse();
            assertThatIllegalStateException().isThrownBy(broker::stop);

            broker.start();
            cluster.awaitReady(broker);

            assertThat(broker.pid()).isNotEqualTo(first);
            broker.pause();
            broker.kill();
            assertThat(broker.isRunning()).as("killed while it was paused").isFalse();
        }
    }

    @Test
    void shouldSayWhatABrokerPrintedThatEndedBeforeItServed(@TempDir Path directory) {
        assertThatIllegalStateException()
                .isThrownBy(() -> Cluster.start(plan(new Script("echo no such thing; exit 3"), directory)))
                .withMessageContaining("no such thing");
    }

    @Test
    void shouldSayWhatIsMissing(@TempDir Path directory) {
        Path none = directory.resolve("none");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KafkaCluster(none, List.of()))
                .withMessageContaining("directory=" + none);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> VarveCluster.ofLauncher(none))
                .withMessageContaining("file=" + none);
        try (Cluster cluster = Cluster.configure(plan(new Script(SAYS_READY), directory))) {
            assertThatIllegalStateException().isThrownBy(cluster::network);
        }
    }

    /** Runs a line of shell for a broker. */
    private record Script(String line) implements ClusterTarget {
        @Override
        public String name() {
            return "script";
        }

        @Override
        public Map<String, String> settings(BrokerPlace self, ClusterLayout layout) {
            return Map.of("node.id", String.valueOf(self.id()));
        }

        @Override
        public List<String> command(Path configuration) {
            return List.of("sh", "-c", line);
        }

        @Override
        public String ready() {
            return "ready";
        }

        @Override
        public Map<String, String> sessionTimeout(int timeoutMs) {
            return Map.of();
        }
    }
}
