// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker;

import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.ConnectionHandler;

/**
 * Keeps connections out until the broker is registered: its address must be bound before it can be told, and told before it is served.
 *
 * <p>Threading: safe.
 */
final class Gate implements ConnectionAcceptor {

    private final ConnectionAcceptor behind;
    private volatile boolean open;

    Gate(ConnectionAcceptor behind) {
        this.behind = behind;
    }

    void open() {
        open = true;
    }

    @Override
    public ConnectionHandler onOpened(Connection connection) {
        ConnectionHandler handler = behind.onOpened(connection);
        if (!open) {
            connection.close("the broker is still starting");
        }
        return handler;
    }
}
