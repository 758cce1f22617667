// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.target.Quorum;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * {@code zkCli} in a process of its own, which an operator types at.
 *
 * <p>Threading: confined to the test's thread.
 */
final class Shell implements AutoCloseable {

    private static final int TIMEOUT_S = 60;

    private final Process process;
    private final BufferedReader printed;
    private final BufferedWriter typed;
    private int commands;

    Shell(Quorum quorum, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp",
                TargetQuorum.ZOOKEEPER_JARS.toAbsolutePath() + "/*",
                "org.apache.zookeeper.ZooKeeperMain",
                "-server",
                quorum.connectString(),
                "-waitforconnection"));
        command.addAll(List.of(arguments));
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        printed = process.inputReader(StandardCharsets.UTF_8);
        typed = process.outputWriter(StandardCharsets.UTF_8);
    }

    /** Types a command; what it printed. */
    String run(String command) throws IOException {
        String marker = "end-of-" + commands++; // which is no command, and the shell says so
        typed.write(command + "\n" + marker + "\n");
        typed.flush();
        return readUntil(marker, command);
    }

    private String readUntil(String text, String command) throws IOException {
        StringBuilder output = new StringBuilder();
        AtomicBoolean done = new AtomicBoolean();
        Thread watchdog = new Thread(() -> killUnless(done), "shell-watchdog");
        watchdog.setDaemon(true);
        watchdog.start();
        String line = printed.readLine();
        while (line != null && !line.contains(text)) {
            output.append(line).append('\n');
            line = printed.readLine();
        }
        done.set(true);
        watchdog.interrupt();
        assertThat(line).as("after '%s' the shell printed%n%s", command, output).isNotNull();
        return output.toString();
    }

    /** A shell that hangs would let the test hang. */
    private void killUnless(AtomicBoolean done) {
        try {
            Thread.sleep(TimeUnit.SECONDS.toMillis(TIMEOUT_S));
        } catch (InterruptedException e) {
            return;
        }
        if (!done.get()) {
            process.destroyForcibly();
        }
    }

    /** Waits until it prints a line with this text. */
    void await(String text) throws IOException {
        readUntil(text, "waiting for " + text);
    }

    /** What is left to be printed, and the exit code, once it has ended by itself. */
    String end() throws IOException, InterruptedException {
        String rest = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(TIMEOUT_S, TimeUnit.SECONDS))
                .as("the shell ends")
                .isTrue();
        return rest + "exit code " + process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
