// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Option;

/**
 * What all commands that talk to a broker have in common.
 *
 * <p>Threading: confined to the command's thread.
 */
final class ClientOptions {

    private static final int CONNECT_TIMEOUT_MS = 3_000;
    private static final String DEFAULT_BOOTSTRAP = "localhost:9092";

    @Option(
            names = "--bootstrap",
            paramLabel = "HOST:PORT",
            description = "A broker to connect to, or several between commas. Default: ${DEFAULT-VALUE}.",
            defaultValue = DEFAULT_BOOTSTRAP)
    private String bootstrap = DEFAULT_BOOTSTRAP;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json",
            description = "json prints exactly one JSON value, also on errors.",
            defaultValue = "text")
    private OutputFormat format = OutputFormat.text;

    @Option(names = "--verbose", description = "Show the client's log and stack traces on standard error.")
    private boolean verbose;

    boolean isJson() {
        return format == OutputFormat.json;
    }

    /** A client for administration; it fails within seconds when no broker is there. */
    Admin admin() {
        return Admin.create(properties(Map.of()));
    }

    /**
     * The properties of a client of these brokers, after a look whether one of them is there.
     *
     * @param more properties of the command's own
     */
    Map<String, Object> properties(Map<String, Object> more) {
        Logging.client(verbose);
        checkReachable();
        final Map<String, Object> properties = new TreeMap<>(Map.of(
                "bootstrap.servers",
                bootstrap,
                "client.id",
                "varve-cli",
                "request.timeout.ms",
                10_000,
                "default.api.timeout.ms",
                15_000,
                "enable.metrics.push",
                false));
        properties.putAll(more);
        return properties;
    }

    private void checkReachable() {
        final List<String> problems = new ArrayList<>();
        for (String address : bootstrap.split("\\s*,\\s*", -1)) {
            final ServerAddress server = ServerAddress.parse(address);
            final String problem = server == null ? "not of the form HOST:PORT" : server.problem(CONNECT_TIMEOUT_MS);
            if (problem.isEmpty()) {
                return;
            }
            problems.add(address + " (" + problem + ")");
        }
        throw new CommandFailure(
                CommandFailure.BROKER_NOT_REACHABLE,
                "no broker at " + String.join(", ", problems)
                        + "; start one with: varve broker, or name another with --bootstrap HOST:PORT");
    }
}
