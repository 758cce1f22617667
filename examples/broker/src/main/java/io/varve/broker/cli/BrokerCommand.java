// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code varve broker}: serves until a signal comes. Standard output has one line, {@code ready listeners=HOST:PORT[,..]
 * node=ID}; SIGTERM and SIGINT end it cleanly with exit code 0.
 *
 * <p>Threading: confined to the command's thread.
 */
@Command(
        name = "broker",
        description = {
            "Serve Kafka's clients until a signal comes.",
            "The log goes to standard error and to server.log, controller.log and state-change.log in VARVE_LOG_DIR,"
                    + " by default a directory next to the first of log.dirs."
        })
final class BrokerCommand implements Callable<Integer> {

    private final Streams streams;

    @Parameters(
            paramLabel = "FILE",
            arity = "0..1",
            description = "A server.properties file with Kafka's keys. Default: the defaults.")
    private @Nullable Path file;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "A key that goes before the file; may be repeated.")
    private List<String> overrides = List.of();

    @Option(names = "--verbose", description = "Log in detail, and show the stack trace when the start fails.")
    private boolean verbose;

    @Option(names = "--until-stdin-closes", hidden = true, description = "Also stop when standard input ends.")
    private boolean untilStdinCloses;

    BrokerCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        return new BrokerRun(file, overrides, verbose, untilStdinCloses).run(streams);
    }
}
