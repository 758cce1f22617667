// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The broker as it is shipped, in a process of its own on a free port.
 *
 * <p>Threading: confined to the test's thread.
 */
final class BrokerProcess implements AutoCloseable {

    private static final Pattern READY = Pattern.compile("ready listeners=(\\S+) node=(\\d+)");
    private static final int EXIT_TIMEOUT_S = 60;

    private final Process process;
    private final Path stderr;
    private final String bootstrap;

    private BrokerProcess(Process process, Path stderr) throws IOException {
        this.process = process;
        this.stderr = stderr;
        BufferedReader stdout = process.inputReader(StandardCharsets.UTF_8);
        String line = stdout.readLine();
        Matcher ready = READY.matcher(line == null ? "" : line);
        assertThat(ready.matches())
                .as("first line of the broker: %s; its log:%n%s", line, Files.readString(stderr))
                .isTrue();
        this.bootstrap = ready.group(1);
    }

    /** Starts a broker on {@code directory}, which may hold the data of an earlier one, and waits until it serves. */
    static BrokerProcess start(Path directory, String... settings) {
        return start(directory, 0, settings);
    }

    /** As above, on a given port: clients that outlive a broker find the next one there. */
    static BrokerProcess start(Path directory, int port, String... settings) {
        List<String> command = new ArrayList<>(Distribution.command("broker"));
        set(command, "log.dirs=" + directory.resolve("data"));
        set(command, "listeners=PLAINTEXT://127.0.0.1:" + port);
        set(command, "group.initial.rebalance.delay.ms=0");
        for (String setting : settings) {
            set(command, setting);
        }
        try {
            Files.createDirectories(directory);
            Path stderr = directory.resolve("stderr.txt");
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(stderr.toFile()));
            builder.environment().put("VARVE_LOG_DIR", directory.resolve("logs").toString());
            return new BrokerProcess(builder.start(), stderr);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void set(List<String> command, String setting) {
        command.add("--set");
        command.add(setting);
    }

    /** {@code host:port} of the first listener. */
    String bootstrap() {
        return bootstrap;
    }

    int port() {
        return Integer.parseInt(bootstrap.substring(bootstrap.lastIndexOf(':') + 1));
    }

    /** What the broker has logged to its console. */
    String log() {
        try {
            return Files.readString(stderr);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a signal, as kill does: STOP pauses the process, CONT lets it go on. */
    void signal(String name) {
        Run.of(List.of("kill", "-" + name, Long.toString(process.pid()))).ok();
    }

    /** Kills the process as kill -9 does. */
    void kill() {
        process.destroyForcibly();
        exitCode();
    }

    /** Asks the process to end, as SIGTERM does, and demands that it ends with 0. */
    void stop() {
        process.destroy();
        assertThat(exitCode()).as("exit code after SIGTERM; log:%n%s", log()).isZero();
    }

    private int exitCode() {
        try {
            assertThat(process.waitFor(EXIT_TIMEOUT_S, TimeUnit.SECONDS))
                    .as("ended in time")
                    .isTrue();
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while the broker ends", e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        exitCode();
    }
}
