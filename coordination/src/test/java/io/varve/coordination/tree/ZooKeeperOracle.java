// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.server.NIOServerCnxnFactory;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;

/** An Apache ZooKeeper server in this process, to compare with. */
final class ZooKeeperOracle implements AutoCloseable {

    private static final int TICK_MS = 2000;
    private static final int SESSION_TIMEOUT_MS = 40_000;

    private final ServerCnxnFactory connections;

    private ZooKeeperOracle(ServerCnxnFactory connections) {
        this.connections = connections;
    }

    static ZooKeeperOracle start(Path directory) throws IOException, InterruptedException {
        ZooKeeperServer server = new ZooKeeperServer(directory.toFile(), directory.toFile(), TICK_MS);
        ServerCnxnFactory connections = new NIOServerCnxnFactory();
        connections.configure(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        connections.startup(server);
        return new ZooKeeperOracle(connections);
    }

    /** A client whose session is open. */
    ZooKeeper connect() throws IOException, InterruptedException {
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper client = new ZooKeeper(
                "127.0.0.1:" + connections.getLocalPort(), SESSION_TIMEOUT_MS, event -> connected.countDown());
        if (!connected.await(20, TimeUnit.SECONDS)) {
            throw new IOException("no connection to the oracle");
        }
        return client;
    }

    @Override
    public void close() {
        connections.shutdown();
    }
}
