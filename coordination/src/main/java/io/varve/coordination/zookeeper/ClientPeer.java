// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import org.jspecify.annotations.Nullable;

/**
 * Who is at the other end of a connection.
 *
 * <p>Threading: immutable.
 *
 * @param host the client's IP address as text, without zone or port
 * @param port its port
 * @param distinguishedName of the certificate it has shown, or null when it has shown none
 */
public record ClientPeer(String host, int port, @Nullable String distinguishedName) {

    /** A peer without a certificate. */
    public ClientPeer(String host, int port) {
        this(host, port, null);
    }

    /** As ZooKeeper prints it. */
    @Override
    public String toString() {
        return "/" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
