// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

import java.net.InetSocketAddress;

/**
 * One peer's link to a listener.
 *
 * <p>Threading: safe.
 */
public interface Connection {

    /** A number that no other connection of this process has. */
    long id();

    /** The peer's address. */
    InetSocketAddress remote();

    /** The address at which the peer was accepted. */
    InetSocketAddress local();

    /** Closes the link; the reason goes to the log. Exchanges that are open are dropped. Idempotent. */
    void close(String reason);
}
