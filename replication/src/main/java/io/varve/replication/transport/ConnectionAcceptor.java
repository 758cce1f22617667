// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

/** Makes a handler for each connection that a listener accepts or {@link Transport#connect} makes. */
@FunctionalInterface
public interface ConnectionAcceptor {

    /**
     * A connection is open, and with TLS also secured; called on its event loop. An exception closes it. No frame comes before this method
     * has returned; frames may be sent already.
     */
    ConnectionHandler onOpened(Connection connection);
}
