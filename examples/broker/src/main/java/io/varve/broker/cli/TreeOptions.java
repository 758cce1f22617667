// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/**
 * What all commands on the tree have in common; each may stand before the command, as with zkCli, or after it.
 *
 * <p>Threading: confined to the command's thread.
 */
final class TreeOptions {

    private static final int DEFAULT_TIMEOUT_MS = 10_000;

    @Option(
            names = {"-server", "--server"},
            scope = ScopeType.INHERIT,
            paramLabel = "HOST:PORT[,..][/ROOT]",
            description = "The servers; with a root, all paths are below it. Default: " + TreeServers.DEFAULT + ".")
    private String servers = TreeServers.DEFAULT;

    @Option(
            names = {"-timeout", "--timeout"},
            scope = ScopeType.INHERIT,
            paramLabel = "MS",
            description = "Of the session, and until a server must have answered. Default: " + DEFAULT_TIMEOUT_MS + ".")
    private int timeoutMs = DEFAULT_TIMEOUT_MS;

    @Option(
            names = "--auth",
            scope = ScopeType.INHERIT,
            paramLabel = "SCHEME:CREDENTIALS",
            description = "Who you are, as zkCli's addauth, for example digest:user:password; may be repeated.")
    private List<String> identities = new ArrayList<>();

    @Option(
            names = {"-o", "--output"},
            scope = ScopeType.INHERIT,
            paramLabel = "text|json",
            description = "json prints one JSON object on each line, also on errors.")
    private OutputFormat format = OutputFormat.text;

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Show the client's log and stack traces on standard error.")
    private boolean verbose;

    TreeServers servers() {
        return TreeServers.parse(servers);
    }

    /** More than 0. */
    int timeoutMs() {
        if (timeoutMs <= 0) {
            throw new CommandFailure(CommandFailure.USAGE, "-timeout must be more than 0 ms: " + timeoutMs);
        }
        return timeoutMs;
    }

    /** Each of the form SCHEME:CREDENTIALS. */
    List<String> identities() {
        for (String identity : identities) {
            if (identity.indexOf(':') <= 0) {
                throw new CommandFailure(
                        CommandFailure.USAGE, "--auth is of the form SCHEME:CREDENTIALS, as digest:user:password");
            }
        }
        return identities;
    }

    boolean isJson() {
        return format == OutputFormat.json;
    }

    boolean isVerbose() {
        return verbose;
    }
}
