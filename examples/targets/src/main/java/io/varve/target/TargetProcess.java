// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A program with a directory of its own, which runs, is killed, paused, and runs again.
 *
 * <p>Threading: confined to the thread of its owner.
 */
final class TargetProcess {

    private static final int EXIT_TIMEOUT_S = 60;

    private final String name;
    private final Path directory;
    private final List<String> command;
    private final Map<String, String> environment;
    private @Nullable Process process;

    /**
     * @param name what it is called in complaints
     * @param directory where it runs and what it prints is kept; must exist when it is started
     * @param command its command line
     * @param environment variables that it gets beside this process's own
     */
    TargetProcess(String name, Path directory, List<String> command, Map<String, String> environment) {
        this.name = name;
        this.directory = directory;
        this.command = List.copyOf(command);
        this.environment = Map.copyOf(environment);
    }

    long pid() {
        return running().pid();
    }

    private Process running() {
        Process running = process;
        if (running == null) {
            throw new IllegalStateException("it does not run: " + name);
        }
        return running;
    }

    boolean isRunning() {
        Process running = process;
        return running != null && running.isAlive();
    }

    /** Starts it; returns at once. */
    void start() {
        if (isRunning()) {
            throw new IllegalStateException("it runs: " + name);
        }
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output().toFile()));
        builder.environment().putAll(environment);
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException("it cannot be started: " + name + ", command=" + command, e);
        }
    }

    /** As kill -9 does; returns when it is gone. Nothing happens when it does not run. */
    void kill() {
        Process running = process;
        if (running != null) {
            running.destroyForcibly();
            awaitExit(running);
        }
    }

    /** As SIGTERM does; what it has ended with. */
    int stop() {
        Process running = running();
        running.destroy();
        return awaitExit(running);
    }

    private int awaitExit(Process running) {
        try {
            if (!running.waitFor(EXIT_TIMEOUT_S, TimeUnit.SECONDS)) {
                throw new IllegalStateException("it does not go: " + name + ", pid=" + running.pid());
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while it goes: " + name, e);
        }
        process = null;
        return running.exitValue();
    }

    /** Sends it a signal, by the name that kill knows. */
    void signal(String signal) {
        try {
            int exitCode = new ProcessBuilder("kill", "-" + signal, String.valueOf(pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (exitCode != 0) {
                throw new IllegalStateException("kill -" + signal + " failed: " + name + ", exitCode=" + exitCode);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while a signal is sent: " + name, e);
        }
    }

    /** What it has printed so far, in all its lives. */
    String printed() {
        return printedFrom(0);
    }

    /** How many bytes it has printed so far. */
    long printedBytes() {
        try {
            return Files.exists(output()) ? Files.size(output()) : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What it has printed behind so many bytes. */
    String printedFrom(long bytes) {
        if (!Files.exists(output())) {
            return "";
        }
        try (InputStream in = Files.newInputStream(output())) {
            in.skipNBytes(bytes);
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path output() {
        return directory.resolve("output.txt");
    }
}
