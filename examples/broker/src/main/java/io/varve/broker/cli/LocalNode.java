// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A broker of a {@link LocalCluster}: a directory, and a process of its own while it runs.
 *
 * <p>Threading: confined to the command's thread. Two commands at a time may both start a broker; the second process finds its directory in
 * use and ends.
 *
 * @param id its {@code node.id}
 * @param directory its configuration, data and logs
 */
record LocalNode(int id, Path directory) {

    private static final String SETTINGS = "server.properties";
    private static final String PROCESS = "pid";
    private static final String OUTPUT = "broker.out";
    private static final String ERRORS = "broker.err";
    private static final Pattern WRITTEN = Pattern.compile("(\\d{1,18}) (\\d{1,18})");
    private static final long POLL_MS = 20;

    /** Those of the launcher, which knows this machine better. */
    private static final List<String> JVM_FLAGS =
            List.of("-Xms32m", "-Xmx1g", "-XX:+ExitOnOutOfMemoryError", "-XX:+UseSerialGC");

    /** Where it and its member of the quorum are reached. */
    record Ports(int broker, int client, int peer, int election) {}

    private Path file(String name) {
        return directory.resolve(name);
    }

    /** Writes what the broker is to be; it does not run yet. */
    void configure(Ports ports, String members) {
        final String settings = "node.id=" + id + "\nlisteners=PLAINTEXT://127.0.0.1:" + ports.broker() + "\nlog.dirs="
                + file("data").toString().replace("\\", "\\\\") + "\n" + members;
        try {
            Files.createDirectories(directory);
            Files.writeString(file(SETTINGS), settings);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Properties settings() {
        final Properties settings = new Properties();
        try (InputStream in = Files.newInputStream(file(SETTINGS))) {
            settings.load(in);
            return settings;
        } catch (IOException e) {
            throw new CommandFailure(
                    CommandFailure.FAILED, "not the directory of a cluster that varve has started: " + directory, e);
        }
    }

    /** Where Kafka's clients connect. */
    String broker() {
        return settings().getProperty("listeners", "").replaceFirst("^[A-Z]+://", "");
    }

    /** Where ZooKeeper's clients connect. */
    QuorumMember member() {
        final String line = settings().getProperty("server." + id, "");
        final ServerAddress address = ServerAddress.parse(line.substring(line.lastIndexOf(';') + 1));
        if (address == null) {
            throw new CommandFailure(
                    CommandFailure.FAILED,
                    file(SETTINGS) + ": server." + id + " names no address for ZooKeeper's clients: " + line);
        }
        return new QuorumMember(id, address, false);
    }

    /** Its process, if it runs. A process that only has its number does not count. */
    Optional<ProcessHandle> process() {
        try {
            final Matcher written =
                    WRITTEN.matcher(Files.readString(file(PROCESS)).strip());
            if (!written.matches()) {
                return Optional.empty(); // by a start that was broken off
            }
            final Instant start = Instant.ofEpochMilli(Long.parseLong(written.group(2)));
            return ProcessHandle.of(Long.parseLong(written.group(1)))
                    .filter(ProcessHandle::isAlive)
                    .filter(process -> start(process).equals(start));
        } catch (NoSuchFileException e) {
            return Optional.empty(); // never started
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Instant start(ProcessHandle process) {
        return Instant.ofEpochMilli(
                process.info().startInstant().orElse(Instant.EPOCH).toEpochMilli());
    }

    /** Starts its process, which outlives this one. */
    void start() {
        final ProcessBuilder builder = new ProcessBuilder(command())
                .redirectOutput(file(OUTPUT).toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(file(ERRORS).toFile()));
        builder.environment().put("VARVE_LOG_DIR", file("logs").toString());
        try {
            final Process process = builder.start();
            process.getOutputStream().close();
            Files.writeString(
                    file(PROCESS),
                    process.pid() + " " + start(process.toHandle()).toEpochMilli() + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException("the process of node " + id + " cannot be started", e);
        }
    }

    private List<String> command() {
        final List<String> arguments = List.of("broker", file(SETTINGS).toString());
        final String home = System.getenv("VARVE_HOME");
        final Path launcher = Path.of(home == null ? "" : home, "varve");
        final List<String> command = new ArrayList<>();
        onPath("setsid").map(Path::toString).ifPresent(command::add); // so that the terminal takes nobody with it
        if (home != null && Files.isExecutable(launcher)) {
            command.add(launcher.toString());
            command.addAll(arguments);
        } else {
            command.addAll(ChildProgram.command(JVM_FLAGS, arguments));
        }
        return command;
    }

    private static Optional<Path> onPath(String program) {
        final String path = System.getenv("PATH");
        return path == null
                ? Optional.empty()
                : Stream.of(path.split(java.io.File.pathSeparator))
                        .map(directory -> Path.of(directory, program))
                        .filter(Files::isExecutable)
                        .findFirst();
    }

    /**
     * Waits until it serves.
     *
     * @throws CommandFailure when it has ended, or does not serve in time
     */
    void awaitReady(long deadlineNs) throws InterruptedException {
        while (!isReady()) {
            final boolean gone = process().isEmpty();
            if (gone || System.nanoTime() - deadlineNs >= 0) {
                throw new CommandFailure(
                        CommandFailure.FAILED,
                        "node " + id + (gone ? " has ended: " : " does not serve yet: ")
                                + ChildProgram.lastLine(file(ERRORS)) + "; see " + file(ERRORS));
            }
            Thread.sleep(POLL_MS);
        }
    }

    private boolean isReady() {
        try {
            return Files.readString(file(OUTPUT), StandardCharsets.UTF_8).startsWith("ready ");
        } catch (IOException e) {
            return false; // the file is not there yet
        }
    }

    /** Does nothing when it does not run. */
    void askToEnd() {
        process().ifPresent(ProcessHandle::destroy);
    }

    /** Whether it has ended in time. */
    boolean awaitEnd(long deadlineNs) throws InterruptedException {
        while (process().isPresent()) {
            if (System.nanoTime() - deadlineNs >= 0) {
                return false;
            }
            Thread.sleep(POLL_MS);
        }
        return true;
    }
}
