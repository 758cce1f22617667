// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;

/**
 * ZooKeeper's client, which can also go without ending its session.
 *
 * <p>Threading: safe.
 */
final class TreeClient extends ZooKeeper {

    /**
     * Begins to connect.
     *
     * @param watcher told of every event, also of watches, on a thread of the client
     */
    TreeClient(TreeServers servers, int timeoutMs, Watcher watcher) throws IOException {
        super(servers.connectString(), timeoutMs, watcher, false, config(timeoutMs));
    }

    private static ZKClientConfig config(int timeoutMs) {
        final ZKClientConfig config = new ZKClientConfig();
        config.setProperty(ZKClientConfig.ZOOKEEPER_REQUEST_TIMEOUT, String.valueOf(timeoutMs));
        return config;
    }

    /**
     * Ends the connection and leaves the session to run out by itself, so that its ephemeral nodes stay for that long.
     * {@link #close()} does nothing afterwards.
     */
    void leave() {
        cnxn.disconnect();
    }

    /** Ends the session and waits a moment for the server's word. */
    @Override
    public synchronized void close() {
        try {
            super.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
