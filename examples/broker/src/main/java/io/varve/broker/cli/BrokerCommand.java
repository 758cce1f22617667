// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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

    @Command(
            name = "drain",
            description = {
                "Let the controller move everything from a broker to the others, and wait until nothing is left.",
                "It may run or not, and is given nothing until varve broker undrain. What is interrupted goes on by itself."
            })
    int drain(
            @Mixin ClientOptions options,
            @Parameters(paramLabel = "ID", description = "The broker's node.id.") int id,
            @Option(names = "--no-wait", description = "Return when it has begun.") boolean isNotAwaited)
            throws InterruptedException, ExecutionException {
        try (Admin admin = options.admin()) {
            final Drain drain = new Drain(admin, id);
            drain.begin();
            if (isNotAwaited) {
                report(options, "draining broker " + id, Printer.object("broker", id, "draining", true));
                return 0;
            }
            final int moved = drain.await(progress());
            report(
                    options,
                    "broker " + id + " has nothing left, moved=" + moved
                            + "; it is given nothing until: varve broker undrain " + id,
                    Printer.object("broker", id, "draining", true, "moved", moved, "left", 0));
            return 0;
        }
    }

    @Command(name = "undrain", description = "Let a broker that was drained have its share again.")
    int undrain(@Mixin ClientOptions options, @Parameters(paramLabel = "ID", description = "Its node.id.") int id)
            throws InterruptedException, ExecutionException {
        try (Admin admin = options.admin()) {
            new Drain(admin, id).end();
            report(options, "broker " + id + " is given its share", Printer.object("broker", id, "draining", false));
            return 0;
        }
    }

    private Progress progress() {
        return new Progress(streams.err(), System.getenv("VARVE_TERMINAL") != null);
    }

    private void report(ClientOptions options, String text, Object json) {
        if (options.isJson()) {
            Printer.json(streams.out(), json);
        } else {
            streams.out().println(text);
        }
    }

    @Override
    public Integer call() {
        return new BrokerRun(file, overrides, verbose, untilStdinCloses).run(streams);
    }
}
