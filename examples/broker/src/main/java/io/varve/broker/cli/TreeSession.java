// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.common.PathUtils;

/**
 * The session of one command: opens it, lets the command use it, closes it, and turns what goes wrong into a
 * {@link CommandFailure}.
 *
 * <p>Threading: confined to the command's thread.
 */
final class TreeSession {

    /** What a command does with an open session. */
    @FunctionalInterface
    interface Use {
        void with(TreeClient client) throws KeeperException, InterruptedException;
    }

    private final TreeOptions options;
    private final TreeEvents events = new TreeEvents();

    /** Comes before everything else of the client, whose classes begin to log when they are loaded. */
    TreeSession(TreeOptions options) {
        Logging.client(options.isVerbose());
        this.options = options;
    }

    /** What the session's watches and its connection tell, once {@link #run} has opened it. */
    TreeEvents events() {
        return events;
    }

    /** Where the options say that the tree is. */
    TreeServers servers() {
        return options.servers();
    }

    /**
     * Runs a command on a node.
     *
     * @param path looked at before a server is
     */
    void run(String path, Use use) {
        checkPath(path, false);
        run(use);
    }

    /** Fails unless a path can be one, or with {@code isPrefix} the beginning of one. */
    static void checkPath(String path, boolean isPrefix) {
        try {
            PathUtils.validatePath(path, isPrefix);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure("INVALID_PATH", "invalid path: " + path + ": " + e.getMessage(), e);
        }
    }

    /** Runs a command that needs a session. */
    void run(Use use) {
        final TreeServers servers = options.servers();
        if (!servers.root().isEmpty()) {
            checkPath(servers.root(), false);
        }
        servers.checkReachable();
        try (TreeClient client = new TreeClient(servers, options.timeoutMs(), events)) {
            for (String identity : options.identities()) {
                final int colon = identity.indexOf(':');
                client.addAuthInfo(
                        identity.substring(0, colon),
                        identity.substring(colon + 1).getBytes(StandardCharsets.UTF_8));
            }
            awaitOpen(servers);
            use.with(client);
        } catch (KeeperException e) {
            throw TreeFailures.of(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure(CommandFailure.FAILED, "interrupted", e);
        } catch (IOException e) {
            throw new CommandFailure(CommandFailure.TREE_NOT_REACHABLE, String.valueOf(e.getMessage()), e);
        }
    }

    private void awaitOpen(TreeServers servers) throws InterruptedException {
        final KeeperState state = events.opened(options.timeoutMs());
        if (state == KeeperState.SyncConnected) {
            return;
        }
        if (state == KeeperState.AuthFailed) {
            throw new CommandFailure("AUTHFAILED", "the server does not accept who --auth says you are");
        }
        throw new CommandFailure(
                CommandFailure.TREE_NOT_REACHABLE,
                "no server opened a session within " + options.timeoutMs() + " ms: " + servers.joined()
                        + "; see what they do with: varve quorum status -server " + servers.joined());
    }
}
