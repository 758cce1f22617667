// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.WatchEvent;
import io.varve.coordination.tree.Watcher;

/** The one watcher of a connection, by which the watch table knows it. */
final class ConnectionWatcher implements Watcher {

    private final ClientConnection connection;

    ConnectionWatcher(ClientConnection connection) {
        this.connection = connection;
    }

    ClientConnection connection() {
        return connection;
    }

    @Override
    public void onEvent(WatchEvent event) {
        connection.onEvent(event);
    }
}
