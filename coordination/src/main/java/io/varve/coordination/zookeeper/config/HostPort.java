// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper.config;

/**
 * A host by name or IP address, and a port.
 *
 * <p>Threading: immutable.
 *
 * @param host without the brackets of IPv6 addresses
 * @param port from 0 to 65535
 */
public record HostPort(String host, int port) {

    /** With brackets around an IPv6 address. */
    @Override
    public String toString() {
        return bracketed(host) + ":" + port;
    }

    static String bracketed(String host) {
        return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    }
}
