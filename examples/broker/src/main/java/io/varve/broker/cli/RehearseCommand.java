// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import io.varve.broker.Broker;
import io.varve.broker.config.ConfigValues;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * {@code varve rehearse}, for the launcher: runs a broker and every command once in this process, so that the JVM can
 * put the classes they load into an archive.
 *
 * <p>Threading: confined to the command's thread.
 */
@Command(name = "rehearse", hidden = true, description = "Load what the other commands load.")
final class RehearseCommand implements Callable<Integer> {

    private final Streams streams;

    RehearseCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        final Path directory = Files.createTempDirectory("varve-rehearsal");
        try {
            Logging.broker(directory.resolve("logs"), false);
            final ConfigValues values = ConfigValues.load(
                    null, List.of("listeners=PLAINTEXT://127.0.0.1:0", "log.dirs=" + directory.resolve("data")));
            try (Broker broker = Broker.start(values)) {
                return rehearse(Addresses.joined(broker.listeners()));
            }
        } finally {
            Directories.delete(directory);
        }
    }

    private int rehearse(String address) {
        int failed = run("config explain", "", "config", "explain", "num.io.threads");
        failed |= run("create", "", "topic", "create", "rehearsal", "-p", "2", "--bootstrap", address);
        failed |= run("produce", "a=1\nb=2\n", "produce", "rehearsal", "--key-separator", "=", "--bootstrap", address);
        failed |= run("consume", "", "consume", "rehearsal", "--from-beginning", "--max", "2", "--bootstrap", address);
        failed |= run(
                "consume in a group",
                "",
                "consume",
                "rehearsal",
                "--from-beginning",
                "--max",
                "2",
                "--group",
                "rehearsal",
                "-o",
                "json",
                "--bootstrap",
                address);
        failed |= run("describe", "", "topic", "describe", "rehearsal", "--bootstrap", address);
        failed |= run("list", "", "topic", "list", "-o", "json", "--bootstrap", address);
        failed |= run("delete", "", "topic", "delete", "rehearsal", "--bootstrap", address);
        return failed;
    }

    private int run(String name, String input, String... args) {
        final InputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
        final int exitCode = new Varve(new Streams(in, streams.out(), streams.err())).run(args);
        if (exitCode != 0) {
            streams.err().println("rehearsal of " + name + " failed");
        }
        return exitCode;
    }
}
