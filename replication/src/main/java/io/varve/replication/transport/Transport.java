// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

import java.net.InetSocketAddress;
import java.util.function.Consumer;

/**
 * Opens connections, from either end. What a connection may hold and how long it may be idle is the business of the implementation's
 * configuration. Nothing is connected again by itself when it breaks: see {@link PeerLinks}.
 *
 * <p>Frames are not correlated by the transport, except that {@link Exchange#reply answers} leave in the order of the frames they answer.
 * Reading stops while too many answers wait to be sent; so two peers should not both ask and answer over one connection, where
 * each could wait for the other to read. Frames that are {@link Connection#send sent} never stop reading.
 *
 * <p>Threading: safe.
 */
public interface Transport extends AutoCloseable {

    /**
     * Binds and begins to accept; waits for the binding.
     *
     * @param local where to listen; port 0 for a free one
     * @throws java.io.UncheckedIOException when the address cannot be bound
     */
    Listener listen(InetSocketAddress local, ConnectionAcceptor acceptor);

    /**
     * Begins to connect, and returns at once. Afterwards exactly one of the two is called, once, on an event loop.
     *
     * @param remote where to connect; an unresolved name is looked up, each time anew, by a thread that may wait for it
     * @param acceptor told of the connection when it is open
     * @param onFailed told the reason when there is none: nobody listens, the time is over, the name is unknown, TLS was not agreed upon
     */
    void connect(InetSocketAddress remote, ConnectionAcceptor acceptor, Consumer<String> onFailed);

    /** Closes the listeners and the connections that it has opened, and gives up those on their way. Idempotent. */
    @Override
    void close();
}
