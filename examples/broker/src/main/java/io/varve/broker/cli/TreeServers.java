// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The servers of a tree, as ZooKeeper's clients name them: {@code HOST[:PORT][,..][/ROOT]}.
 *
 * <p>Threading: immutable.
 *
 * @param addresses at least one
 * @param root the path under which all paths of the call are, or nothing
 */
record TreeServers(List<ServerAddress> addresses, String root) {

    static final String DEFAULT = "127.0.0.1:2181";

    private static final int DEFAULT_PORT = 2181;
    private static final int CONNECT_TIMEOUT_MS = 3_000;

    /** Understands what was typed, or throws a failure that says how it must look. */
    static TreeServers parse(String text) {
        final int slash = text.indexOf('/');
        final String root = slash < 0 || slash == text.length() - 1 ? "" : text.substring(slash);
        final List<ServerAddress> addresses = new ArrayList<>();
        for (String address :
                text.substring(0, slash < 0 ? text.length() : slash).split("\\s*,\\s*", -1)) {
            final boolean hasPort = address.indexOf(':') >= 0 && !address.endsWith("]");
            final ServerAddress server =
                    address.isEmpty() ? null : ServerAddress.parse(hasPort ? address : address + ":" + DEFAULT_PORT);
            if (server == null) {
                throw new CommandFailure(
                        CommandFailure.USAGE,
                        "not a server: " + address + "; give -server HOST:PORT, several between commas, then /ROOT if"
                                + " paths are meant below one");
            }
            addresses.add(server);
        }
        return new TreeServers(List.copyOf(addresses), root);
    }

    /** Fails at once, with the reason of each, when nothing listens at any of them. */
    void checkReachable() {
        final List<String> problems = new ArrayList<>();
        for (ServerAddress address : addresses) {
            final String problem = address.problem(CONNECT_TIMEOUT_MS);
            if (problem.isEmpty()) {
                return;
            }
            problems.add(address + " (" + problem + ")");
        }
        throw new CommandFailure(
                CommandFailure.TREE_NOT_REACHABLE,
                "no server at " + String.join(", ", problems) + "; name others with -server HOST:PORT[,..]");
    }

    /** The addresses between commas. */
    String joined() {
        return addresses.stream().map(ServerAddress::toString).collect(Collectors.joining(","));
    }

    /** What the client takes. */
    String connectString() {
        return joined() + root;
    }
}
