// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.quorum;

import io.varve.broker.config.ConfigException;
import io.varve.broker.config.ConfigValues;
import io.varve.coordination.CoordinationException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.agent.ZooKeeperCoordinator;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.MemberStatus;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A ZooKeeper ensemble, or whatever else speaks its protocol, outside of the broker.
 *
 * <p>Threading: see {@link Coordination}.
 */
final class EnsembleCoordination implements Coordination {

    private static final String KEY = "zookeeper.connect";

    private final ConfigValues values;
    private final String servers;
    private final Duration sessionTimeout;
    private final Duration connectTimeout;

    /** The path below which the cluster is, with its slash; empty for the whole tree, or once it is known to exist. */
    private String missingRoot;

    EnsembleCoordination(ConfigValues values) {
        this.values = values;
        this.servers = values.stringValue(KEY);
        this.sessionTimeout = Duration.ofMillis(values.intValue("zookeeper.session.timeout.ms"));
        this.connectTimeout = Duration.ofMillis(values.intValue("zookeeper.connection.timeout.ms"));
        this.missingRoot = servers.substring(rootAt(servers));
    }

    private static int rootAt(String servers) {
        int slash = servers.indexOf('/');
        return slash < 0 ? servers.length() : slash;
    }

    @Override
    public Coordinator openSession() {
        if (!missingRoot.isEmpty()) {
            createRoot();
            missingRoot = "";
        }
        return connect(servers);
    }

    /** As Kafka does: who names a path for the cluster need not create it. */
    private void createRoot() {
        try (Coordinator outside = connect(servers.substring(0, rootAt(servers)))) {
            for (int end = missingRoot.indexOf('/', 1); end > 0; end = missingRoot.indexOf('/', end + 1)) {
                create(outside, missingRoot.substring(0, end));
            }
            if (missingRoot.length() > 1) {
                create(outside, missingRoot);
            }
        }
    }

    private void create(Coordinator outside, String path) {
        try {
            outside.create(path, new byte[0], CreateMode.PERSISTENT)
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IllegalArgumentException illegal) {
                throw wrong("no path of a node: " + path + ", " + illegal.getMessage());
            }
            if (!(e.getCause() instanceof NodeExistsException)) {
                throw e.getCause() instanceof CoordinationException known ? known : e;
            }
        }
    }

    private Coordinator connect(String connectString) {
        try {
            return ZooKeeperCoordinator.connect(connectString, sessionTimeout, connectTimeout)
                    .toCompletableFuture()
                    .join();
        } catch (IllegalArgumentException e) {
            throw wrong("cannot be understood: " + servers + ", " + e.getMessage());
        } catch (CompletionException e) {
            throw wrong(
                    "no server of " + servers + " has accepted a session within " + connectTimeout.toMillis()
                            + " ms; start the ensemble or correct the addresses, or remove the key to let the broker coordinate by itself");
        }
    }

    private ConfigException wrong(String problem) {
        return ConfigException.conflict(values.origin(KEY), KEY, problem);
    }

    /** An ensemble may always come back. */
    @Override
    public @Nullable CompletionStage<MemberStatus> memberStatus() {
        return null;
    }

    @Override
    public @Nullable Throwable failure() {
        return null;
    }

    @Override
    public void close() {
        // nothing was started: sessions are their openers'
    }
}
