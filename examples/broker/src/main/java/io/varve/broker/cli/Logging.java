// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.tinylog.configuration.Configuration;

/** Where the log goes: chosen once per process, before the first line is logged. */
final class Logging {

    private static final String FORMAT =
            "{date: yyyy-MM-dd'T'HH:mm:ss.SSSXXX} {level} [{thread}] {class-name} {message}";

    private Logging() {}

    /** The log of a client command: nothing, or with {@code verbose} everything on standard error. */
    static void client(boolean verbose) {
        configure(Map.of(
                "level",
                verbose ? "debug" : "off",
                "writer",
                "console",
                "writer.stream",
                "err",
                "writer.format",
                FORMAT));
    }

    /**
     * The log of a broker: its course on standard error, and files of bounded size in a directory. server.log has
     * everything, controller.log and state-change.log what their packages say; {@code verbose} adds details.
     */
    static void broker(Path directory, boolean verbose) {
        final Map<String, String> settings = new TreeMap<>(Map.of(
                "level", verbose ? "debug" : "info",
                "level@org.apache.kafka", "warn",
                "level@org.apache.zookeeper", "warn",
                "level@io.netty", "warn",
                "writerConsole", "console",
                "writerConsole.stream", "err",
                "writerConsole.format", FORMAT));
        file(settings, "writerServer", directory.resolve("server.log"), "");
        file(settings, "writerController", directory.resolve("controller.log"), "io.varve.broker.controller");
        file(
                settings,
                "writerState",
                directory.resolve("state-change.log"),
                "io.varve.broker.metadata io.varve.broker.partition");
        configure(settings);
    }

    /** The log of a member of a quorum: on standard error, and a file of bounded size in a directory. */
    static void quorum(Path directory, boolean verbose) {
        final Map<String, String> settings = new TreeMap<>(Map.of(
                "level", verbose ? "debug" : "info",
                "level@io.netty", "warn",
                "writerConsole", "console",
                "writerConsole.stream", "err",
                "writerConsole.format", FORMAT));
        file(settings, "writerQuorum", directory.resolve("quorum.log"), "");
        configure(settings);
    }

    private static void file(Map<String, String> settings, String writer, Path file, String packages) {
        settings.put(writer, "bounded file");
        settings.put(writer + ".file", file.toString());
        settings.put(writer + ".packages", packages);
        settings.put(writer + ".format", FORMAT);
    }

    private static void configure(Map<String, String> settings) {
        if (Configuration.isFrozen()) {
            return; // a command inside a process that logs already, as in a test
        }
        final Map<String, String> all = new TreeMap<>(settings);
        // No writer holds back anything, and what stops when the process ends has something to say, too.
        all.put("autoshutdown", "false");
        all.put("writingthread", "false");
        Configuration.replace(all);
    }
}
