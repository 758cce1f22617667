// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.wire;

import io.varve.broker.request.HandlerTable;
import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.ConnectionHandler;

/**
 * Makes the connections of one listener speak Kafka's protocol.
 *
 * <p>Threading: safe.
 */
public final class KafkaAcceptor implements ConnectionAcceptor {

    private final String listener;
    private final HandlerTable handlers;

    public KafkaAcceptor(String listener, HandlerTable handlers) {
        this.listener = listener;
        this.handlers = handlers;
    }

    @Override
    public ConnectionHandler onOpened(Connection connection) {
        return new KafkaConnection(connection, listener, handlers);
    }
}
