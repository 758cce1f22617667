// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Set;
import org.apache.zookeeper.server.NIOServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;

/**
 * A server of Apache ZooKeeper in this process, alone, with everything that its configuration can allow.
 *
 * <p>Threading: confined to the test's thread.
 */
final class ApacheZooKeeper implements AutoCloseable {

    private static final int TICK_MS = 500;

    private final ZooKeeperServer server;
    private final NIOServerCnxnFactory connections;

    private ApacheZooKeeper(ZooKeeperServer server, NIOServerCnxnFactory connections) {
        this.server = server;
        this.connections = connections;
    }

    /** What servers of this process may do; they read it when the first starts. */
    static void allowAll() {
        System.setProperty("zookeeper.extendedTypesEnabled", "true");
        System.setProperty("zookeeper.4lw.commands.whitelist", "srvr,mntr");
        System.setProperty("zookeeper.enforceQuota", "true");
        System.setProperty("zookeeper.admin.enableServer", "false");
    }

    static ApacheZooKeeper start(Path directory) throws IOException, InterruptedException {
        allowAll();
        final ZooKeeperServer server = new ZooKeeperServer(directory.toFile(), directory.toFile(), TICK_MS);
        final NIOServerCnxnFactory connections = new NIOServerCnxnFactory();
        connections.configure(new InetSocketAddress("127.0.0.1", 0), 100);
        connections.startup(server);
        return new ApacheZooKeeper(server, connections);
    }

    String address() {
        return "127.0.0.1:" + connections.getLocalPort();
    }

    /** How many watches clients have set that are not triggered yet. */
    int watchCount() {
        return server.getZKDatabase().getDataTree().getWatchCount();
    }

    boolean hasNode(String path) {
        return server.getZKDatabase().getNode(path) != null;
    }

    Set<String> containers() {
        return server.getZKDatabase().getDataTree().getContainers();
    }

    Set<String> nodesWithTtl() {
        return server.getZKDatabase().getDataTree().getTtls();
    }

    @Override
    public void close() {
        connections.shutdown();
    }
}
