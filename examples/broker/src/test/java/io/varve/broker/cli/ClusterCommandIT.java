// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Three brokers on this machine, as a user starts, looks at and stops them. */
class ClusterCommandIT {

    @TempDir
    private Path directory;

    @AfterEach
    void killWhatRuns() {
        new LocalCluster(directory.resolve("c")).nodes().forEach(node -> node.process()
                .ifPresent(ProcessHandle::destroyForcibly));
    }

    private CommandRun cluster(String command, String... more) {
        final List<String> call = new ArrayList<>(
                List.of("cluster", command, "--dir", directory.resolve("c").toString()));
        call.addAll(List.of(more));
        return CommandRun.of(call.toArray(new String[0]));
    }

    private static void shouldSucceed(CommandRun run) {
        assertThat(run.exitCode()).as(run.err()).isZero();
    }

    private List<Long> processes() {
        return new LocalCluster(directory.resolve("c"))
                .nodes().stream()
                        .flatMap(node -> node.process().stream())
                        .map(ProcessHandle::pid)
                        .toList();
    }

    @Test
    void shouldStartFromNothingAndComeBackWithItsData() throws Exception {
        final CommandRun started = cluster("start", "--port", "0", "--client-port", "0", "-o", "json");
        shouldSucceed(started);
        final JsonNode status = started.json();
        assertThat(status.at("/serves").asBoolean()).isTrue();
        final List<JsonNode> nodes = status.at("/nodes").valueStream().toList();
        assertThat(nodes).hasSize(3);
        assertThat(nodes)
                .extracting(node -> node.at("/quorum").asString())
                .containsExactlyInAnyOrder("leader", "follower", "follower");
        final String second = nodes.get(1).at("/broker").asString();

        assertThat(CommandRun.of("topic", "create", "t", "--bootstrap", second).exitCode())
                .isZero();
        final String zooKeeper = nodes.get(2).at("/zookeeper").asString();
        assertThat(CommandRun.of("tree", "-server", zooKeeper, "ls", "/brokers/ids")
                        .out()
                        .strip())
                .isEqualTo("[1, 2, 3]");

        final long victim = nodes.get(0).at("/pid").asLong();
        ProcessHandle.of(victim).ifPresent(ProcessHandle::destroyForcibly);
        ProcessHandle.of(victim).ifPresent(process -> process.onExit().join());
        final CommandRun less = cluster("status");
        assertThat(less.exitCode()).isEqualTo(1);
        assertThat(less.out()).contains("stopped");
        assertThat(less.err()).startsWith("varve: not running: node 1; varve cluster start starts it");

        final List<Long> others = processes();
        shouldSucceed(cluster("start"));
        assertThat(processes()).hasSize(3).containsAll(others).doesNotContain(victim);

        shouldSucceed(cluster("stop"));
        assertThat(processes()).isEmpty();
        shouldSucceed(cluster("stop"));

        shouldSucceed(cluster("start"));
        assertThat(CommandRun.of("topic", "list", "--bootstrap", second).out().strip())
                .isEqualTo("t");
        assertThat(cluster("status", "-o", "json").json().at("/nodes/1/broker").asString())
                .isEqualTo(second);
        shouldSucceed(cluster("stop"));
    }

    @Test
    void shouldSayWhatIsWrong() throws Exception {
        assertThat(cluster("status").err()).startsWith("varve: there is no cluster in ");
        assertThat(cluster("start", "--nodes", "0").exitCode()).isEqualTo(2);
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            final CommandRun run = cluster(
                    "start", "--nodes", "1", "--port", String.valueOf(taken.getLocalPort()), "--client-port", "0");

            assertThat(run.exitCode()).isEqualTo(1);
            assertThat(run.err())
                    .startsWith("varve: port " + taken.getLocalPort() + " cannot be used")
                    .contains("--port 0");
        }
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).isEmpty();
        }
        new LocalCluster(directory.resolve("c")).lay(1, 0, 0);
        final CommandRun other = cluster("start", "--nodes", "2");
        assertThat(other.exitCode()).isEqualTo(1);
        assertThat(other.err()).contains("has 1 broker, not 2");

        final Path settings = directory.resolve("c/node-1/server.properties");
        Files.writeString(settings, Files.readString(settings) + "no.such.key=1\n");
        final CommandRun ended = cluster("start");
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).startsWith("varve: node 1 has ended: ").contains("no.such.key");
    }
}
