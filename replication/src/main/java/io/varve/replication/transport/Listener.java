// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

import java.net.InetSocketAddress;

/**
 * Accepts connections at an address.
 *
 * <p>Threading: safe.
 */
public interface Listener extends AutoCloseable {

    /** The address that is bound, with the port that was chosen. */
    InetSocketAddress address();

    /**
     * Stops accepting and reading, lets the frames that are with handlers be answered and the answers be sent for a bounded time, and closes
     * all connections. Idempotent. Not to be called from an event loop.
     */
    @Override
    void close();
}
