// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import io.varve.broker.Broker;
import io.varve.broker.config.ConfigException;
import io.varve.broker.config.ConfigValues;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code varve broker}: serves until a signal comes. Standard output has one line, {@code ready listeners=HOST:PORT[,..]
 * node=ID}; SIGTERM and SIGINT end it cleanly with exit code 0.
 *
 * <p>Threading: confined to the command's thread; the signal's thread closes the broker.
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
    public Integer call() throws InterruptedException {
        final ConfigValues values = ConfigValues.load(file, overrides);
        Logging.broker(logDirectory(values), verbose);
        final Logger logger = LoggerFactory.getLogger(BrokerCommand.class);
        values.warnings().forEach(logger::warn);
        final Broker broker = start(values);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(broker), "broker-stop"));
        streams.out().println("ready listeners=" + Addresses.joined(broker.listeners()) + " node=" + broker.nodeId());
        streams.out().flush();
        if (untilStdinCloses) {
            waitForEndOfInput();
            return 0;
        }
        new CountDownLatch(1).await();
        return 0;
    }

    private Broker start(ConfigValues values) {
        try {
            return Broker.start(values);
        } catch (ConfigException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new CommandFailure(
                    CommandFailure.FAILED, "the broker cannot start: " + CommandFailure.rootMessage(e), e);
        }
    }

    /** Closes the broker and ends the process at once: after a signal, the exit code would not be 0 otherwise. */
    private void stop(Broker broker) {
        int exitCode = 0;
        try {
            broker.close();
        } catch (RuntimeException e) {
            LoggerFactory.getLogger(BrokerCommand.class).error("broker not closed cleanly", e);
            exitCode = Varve.FAILED;
        }
        streams.out().flush();
        Runtime.getRuntime().halt(exitCode);
    }

    private void waitForEndOfInput() {
        try {
            while (streams.in().read() >= 0) {
                // what comes in does not matter, only that the other end is there
            }
        } catch (IOException e) {
            LoggerFactory.getLogger(BrokerCommand.class).debug("standard input failed", e);
        }
    }

    private static Path logDirectory(ConfigValues values) {
        final String chosen = System.getenv("VARVE_LOG_DIR");
        if (chosen != null && !chosen.isEmpty()) {
            return Path.of(chosen);
        }
        final Path data = values.logDirectories().get(0).toAbsolutePath().normalize();
        final String name = String.valueOf(data.getFileName());
        return data.resolveSibling(name.equals("data") ? "logs" : name + "-logs");
    }
}
