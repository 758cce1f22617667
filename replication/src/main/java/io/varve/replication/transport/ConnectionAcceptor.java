// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

/** Makes a handler for each connection that a listener accepts. */
@FunctionalInterface
public interface ConnectionAcceptor {

    /** A peer has connected; called on the connection's event loop. */
    ConnectionHandler onOpened(Connection connection);
}
