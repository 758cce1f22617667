// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract of the process: exit codes, signals, and which stream has what. */
class CommandLineIT {

    private @TempDir Path directory;

    @Test
    void shouldPrintTheReadyLineAloneAndEndCleanlyAtASignal() throws Exception {
        final Process broker = start("broker", "--set", "listeners=PLAINTEXT://127.0.0.1:0", "--set", data());
        final BufferedReader out = output(broker);

        final String ready = out.readLine();
        broker.toHandle().destroy(); // SIGTERM; the streams stay open, unlike with Process.destroy

        assertThat(ready).matches("ready listeners=127\\.0\\.0\\.1:\\d+ node=0");
        assertThat(out.readLine()).isNull();
        assertThat(exitCode(broker)).isZero();
        assertThat(directory.resolve("logs/server.log")).content().contains("Started");
        assertThat(directory.resolve("logs/controller.log")).isNotEmptyFile();
        assertThat(directory.resolve("logs/state-change.log")).exists();
    }

    @Test
    void shouldEndWhenItsInputEnds() throws Exception {
        final Process broker =
                start("broker", "--until-stdin-closes", "--set", "listeners=PLAINTEXT://127.0.0.1:0", "--set", data());
        assertThat(output(broker).readLine()).startsWith("ready ");

        broker.getOutputStream().close();

        assertThat(exitCode(broker)).isZero();
    }

    @Test
    void shouldNameFileLineKeyAndNearestKeyOfAConfigurationError() throws Exception {
        final Path file = Files.writeString(directory.resolve("server.properties"), "node.id=1\nlog.segment.byte=5\n");

        final Process broker = start("broker", file.toString());

        assertThat(exitCode(broker)).isEqualTo(2);
        assertThat(output(broker).readLine()).isNull();
        assertThat(Files.readAllLines(directory.resolve("err")))
                .containsExactly(
                        "varve: " + file + ":2: unknown key: log.segment.byte, nearest known key: log.segment.bytes");
    }

    @Test
    void shouldSayInOneLineThatThePortIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            final Process broker = start(
                    "broker", "--set", "listeners=PLAINTEXT://127.0.0.1:" + taken.getLocalPort(), "--set", data());

            assertThat(exitCode(broker)).isIn(1, 2);
            assertThat(output(broker).readLine()).isNull();
            final List<String> complaint = Files.readAllLines(directory.resolve("err")).stream()
                    .filter(line -> line.startsWith("varve: "))
                    .toList();
            assertThat(complaint).hasSize(1).first().asString().contains(":" + taken.getLocalPort());
            assertThat(Files.readString(directory.resolve("err"))).doesNotContain("\tat ");
        }
    }

    @Test
    void shouldShowThatEverythingComesBackAndLeaveNothingBehind() throws Exception {
        final Path temporary = Files.createDirectory(directory.resolve("tmp"));
        final Path file = Files.write(
                directory.resolve("input"),
                "one\n\ntwo\r\n\u00ff\u0000\nno line end".getBytes(StandardCharsets.ISO_8859_1));

        final Process demo = startWith(List.of("-Djava.io.tmpdir=" + temporary), "demo", file.toString());

        assertThat(exitCode(demo)).isZero();
        assertThat(output(demo).lines()).anyMatch(line -> line.startsWith("5 records, 20 bytes"));
        try (Stream<Path> left = Files.list(temporary)) {
            assertThat(left.filter(path -> path.getFileName().toString().startsWith("varve-demo")))
                    .isEmpty();
        }
        assertThat(demo.descendants()).isEmpty();
    }

    @Test
    void shouldKeepTheLogOfTheTreesClientToItself() throws Exception {
        try (ApacheZooKeeper server = ApacheZooKeeper.start(directory.resolve("tree"))) {
            for (List<String> call : List.of(
                    List.of("create", "/a", "data"), List.of("get", "/a"), List.of("create", "-c", "-e", "/b"))) {
                final List<String> args = new ArrayList<>(List.of("tree", "-server", server.address()));
                args.addAll(call);

                final Process tree = startWith(
                        List.of("-Dtinylog.level=trace", "-Dtinylog.writer=console"), args.toArray(new String[0]));

                final boolean isWrong = call.contains("-c");
                assertThat(exitCode(tree)).isEqualTo(isWrong ? 2 : 0);
                assertThat(output(tree).lines()).hasSize(isWrong ? 0 : 1);
                assertThat(directory.resolve("err")).content().hasLineCount(isWrong ? 1 : 0);
            }
        }
    }

    @Test
    void shouldWatchUntilASignalComes() throws Exception {
        try (ApacheZooKeeper server = ApacheZooKeeper.start(directory.resolve("tree"))) {
            final Process watch = start("tree", "-server", server.address(), "watch", "-R", "/");
            final BufferedReader out = output(watch);
            await().atMost(1, TimeUnit.MINUTES).until(() -> server.watchCount() > 0);
            assertThat(CommandRun.of("tree", "-server", server.address(), "create", "/a")
                            .exitCode())
                    .isZero();

            final String event = out.readLine();
            watch.toHandle().destroy();

            assertThat(event).startsWith("WatchedEvent state:SyncConnected type:NodeCreated path:/a zxid: ");
            assertThat(out.readLine()).isNull();
            assertThat(exitCode(watch)).isEqualTo(128 + 15);
            assertThat(directory.resolve("err")).isEmptyFile();
            assertThat(server.watchCount()).isZero(); // its session was closed
        }
    }

    private String data() {
        return "log.dirs=" + directory.resolve("data");
    }

    private Process start(String... args) throws IOException {
        return startWith(List.of(), args);
    }

    private Process startWith(List<String> flags, String... args) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx256m");
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), BrokerMain.class.getName()));
        command.addAll(Arrays.asList(args));
        return new ProcessBuilder(command)
                .redirectError(directory.resolve("err").toFile())
                .start();
    }

    private static BufferedReader output(Process process) {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    private static int exitCode(Process process) throws InterruptedException {
        final boolean ended = process.waitFor(60, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        assertThat(ended).as("ended in time").isTrue();
        return process.exitValue();
    }
}
