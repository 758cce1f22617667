// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import io.varve.broker.Broker;
import io.varve.broker.config.ConfigException;
import io.varve.broker.config.ConfigValues;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A broker in this process, from its configuration to the signal that ends it.
 *
 * <p>Threading: immutable; the signal's thread closes the broker.
 *
 * @param file a server.properties file, or null for the defaults
 * @param overrides settings of the form {@code key=value} that go before the file
 * @param isVerbose whether to log in detail
 * @param untilStdinCloses whether to stop, too, when standard input ends
 */
record BrokerRun(@Nullable Path file, List<String> overrides, boolean isVerbose, boolean untilStdinCloses) {

    /**
     * Serves until a signal comes; then the process ends with exit code 0 and this method does not return.
     *
     * @return the exit code when standard input ended the run
     * @throws ConfigException when the configuration is wrong
     * @throws CommandFailure when the broker cannot start
     */
    int run(Streams streams) {
        final ConfigValues values = ConfigValues.load(file, overrides);
        Logging.broker(logDirectory(values), isVerbose);
        final Logger logger = LoggerFactory.getLogger(BrokerRun.class);
        values.warnings().forEach(logger::warn);
        final Broker broker = start(values);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(broker), "broker-stop"));
        streams.out().println("ready listeners=" + Addresses.joined(broker.listeners()) + " node=" + broker.nodeId());
        streams.out().flush();
        if (untilStdinCloses) {
            waitForEnd(streams.in());
        } else {
            waitForSignal();
        }
        return 0;
    }

    private static Broker start(ConfigValues values) {
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
    private static void stop(Broker broker) {
        int exitCode = 0;
        try {
            broker.close();
        } catch (RuntimeException e) {
            LoggerFactory.getLogger(BrokerRun.class).error("broker not closed cleanly", e);
            exitCode = CommandFailure.EXIT_FAILED;
        }
        Runtime.getRuntime().halt(exitCode);
    }

    private static void waitForSignal() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void waitForEnd(InputStream in) {
        try {
            while (in.read() >= 0) {
                // what comes in does not matter, only that the other end is there
            }
        } catch (IOException e) {
            LoggerFactory.getLogger(BrokerRun.class).debug("standard input failed", e);
        }
    }

    static Path logDirectory(ConfigValues values) {
        final String chosen = System.getenv("VARVE_LOG_DIR");
        if (chosen != null && !chosen.isEmpty()) {
            return Path.of(chosen);
        }
        final Path data = values.logDirectories().get(0).toAbsolutePath().normalize();
        final String name = String.valueOf(data.getFileName());
        return data.resolveSibling(name.equals("data") ? "logs" : name + "-logs");
    }
}
