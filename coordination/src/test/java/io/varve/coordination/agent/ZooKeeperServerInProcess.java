// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.apache.zookeeper.server.NIOServerCnxnFactory;
import org.apache.zookeeper.server.ServerCnxn;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;

/** A standalone Apache ZooKeeper server in this process, on a free port. */
final class ZooKeeperServerInProcess implements AutoCloseable {

    private static final int TICK_MS = 200;

    private final File directory;
    private ZooKeeperServer server;
    private ServerCnxnFactory connections;

    ZooKeeperServerInProcess(Path directory) throws Exception {
        this.directory = directory.toFile();
        start(0);
    }

    private void start(int port) throws Exception {
        server = new ZooKeeperServer(directory, directory, TICK_MS);
        connections = new NIOServerCnxnFactory();
        connections.configure(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 100);
        connections.startup(server);
    }

    String connectString() {
        return "127.0.0.1:" + connections.getLocalPort();
    }

    /** Closes the connections of all clients, who are free to come again. */
    void dropConnections() {
        connections.closeAll(ServerCnxn.DisconnectReason.CLOSE_CONNECTION_COMMAND);
    }

    /** Closes the connection of one session, which is free to come again. */
    void dropConnection(long sessionId) {
        for (ServerCnxn connection : connections.getConnections()) {
            if (connection.getSessionId() == sessionId) {
                connection.close(ServerCnxn.DisconnectReason.CLOSE_CONNECTION_COMMAND);
            }
        }
    }

    /** Ends a session as if it had timed out. */
    void expire(long sessionId) {
        server.closeSession(sessionId);
    }

    /** Ends the server and starts another on the same port and data after doing something without any. */
    void restart(ThrowingRunnable meanwhile) throws Exception {
        int port = connections.getLocalPort();
        close();
        meanwhile.run();
        start(port);
    }

    interface ThrowingRunnable {
        void run() throws Exception;
    }

    @Override
    public void close() throws IOException {
        connections.shutdown();
        server.getTxnLogFactory().close();
    }
}
