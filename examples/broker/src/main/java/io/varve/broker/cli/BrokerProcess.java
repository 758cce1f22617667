// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A broker in a process of its own, started from the same Java and class path as this one. It ends when this process
 * ends, however that ends: it watches its standard input.
 *
 * <p>Threading: confined to the command's thread, but for {@link #kill}, which is safe.
 */
final class BrokerProcess {

    private static final Pattern READY = Pattern.compile("ready listeners=([^ ,]+)\\S* node=\\d+");
    private static final int START_TIMEOUT_S = 60;

    private final Process process;
    private final String address;

    private BrokerProcess(Process process, String address) {
        this.process = process;
        this.address = address;
    }

    /**
     * Starts a broker and returns when it serves.
     *
     * @param directory takes the broker's data and logs
     * @throws CommandFailure when the broker does not come up
     */
    static BrokerProcess start(Path directory) {
        final Path log = directory.resolve("broker.err");
        final ProcessBuilder builder = new ProcessBuilder(command(directory));
        builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put("VARVE_LOG_DIR", directory.resolve("logs").toString());
        final Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException("the broker's process cannot be started", e);
        }
        try {
            return new BrokerProcess(process, awaitReady(process, log));
        } catch (RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private static List<String> command(Path directory) {
        return ChildProgram.command(
                jvmFlags(),
                List.of(
                        "broker",
                        "--until-stdin-closes",
                        "--set",
                        "listeners=PLAINTEXT://127.0.0.1:0",
                        "--set",
                        "log.dirs=" + directory.resolve("data"),
                        "--set",
                        "group.initial.rebalance.delay.ms=0",
                        "--set",
                        "offsets.topic.num.partitions=3"));
    }

    /** The flags this process was started with, so that a heap chosen for the demo holds for its broker, too. */
    private static List<String> jvmFlags() {
        final String[] arguments = ProcessHandle.current().info().arguments().orElse(new String[0]);
        return Arrays.stream(arguments)
                .takeWhile(argument -> argument.startsWith("-") && !argument.equals("-jar"))
                .filter(argument -> argument.startsWith("-X") || argument.startsWith("-D"))
                .toList();
    }

    private static String awaitReady(Process process, Path log) {
        final CompletableFuture<String> line = CompletableFuture.supplyAsync(() -> firstLine(process));
        try {
            final Matcher ready = READY.matcher(line.get(START_TIMEOUT_S, TimeUnit.SECONDS));
            if (ready.matches()) {
                return ready.group(1);
            }
        } catch (TimeoutException | ExecutionException e) {
            throw new CommandFailure(
                    CommandFailure.FAILED, "the broker did not come up: " + ChildProgram.lastLine(log), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure(CommandFailure.FAILED, "interrupted while the broker started", e);
        }
        throw new CommandFailure(CommandFailure.FAILED, "the broker did not come up: " + ChildProgram.lastLine(log));
    }

    private static String firstLine(Process process) {
        try {
            final String line = new BufferedReader(
                            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
                    .readLine();
            return line == null ? "" : line;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** HOST:PORT of the broker. */
    String address() {
        return address;
    }

    /** True until the process has ended. */
    boolean isAlive() {
        return process.isAlive();
    }

    /** Ends the process as a crash would (SIGKILL) and returns when it is gone. */
    void kill() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
