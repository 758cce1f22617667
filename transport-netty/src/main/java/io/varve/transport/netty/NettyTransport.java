// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.Listener;
import io.varve.replication.transport.Transport;
import java.net.InetSocketAddress;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * The transport over TCP, with or without TLS. A frame on the wire is a length of four bytes, big-endian and positive, and as many bytes.
 *
 * <p>Threading: safe.
 */
public final class NettyTransport implements Transport {

    private final EventLoops loops;
    private final ListenerConfig listenerConfig;
    private final Connector connector;
    private final Queue<Listener> listeners = new ConcurrentLinkedQueue<>();

    private NettyTransport(EventLoops loops, ListenerConfig listenerConfig, Connector connector) {
        this.loops = loops;
        this.listenerConfig = listenerConfig;
        this.connector = connector;
    }

    /**
     * Opens a transport without connections.
     *
     * @param loops the threads of the connections; they outlive the transport
     * @param listenerConfig for each listener, but for the address
     * @param connectorConfig for each connection that is made
     * @throws IllegalArgumentException when TLS is wanted and a file that it needs cannot be used
     */
    public static NettyTransport open(
            EventLoops loops, ListenerConfig listenerConfig, ConnectorConfig connectorConfig) {
        return new NettyTransport(loops, listenerConfig, new Connector(loops, connectorConfig));
    }

    @Override
    public Listener listen(InetSocketAddress local, ConnectionAcceptor acceptor) {
        Listener listener = NettyListener.open(listenerConfig.at(local).build(), loops, acceptor);
        listeners.add(listener);
        return listener;
    }

    @Override
    public void connect(InetSocketAddress remote, ConnectionAcceptor acceptor, Consumer<String> onFailed) {
        connector.connect(remote, acceptor, onFailed);
    }

    /** Closes first what was connected, then the listeners, each as its own close says. */
    @Override
    public void close() {
        connector.close();
        listeners.forEach(Listener::close);
        listeners.clear();
    }
}
