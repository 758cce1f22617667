// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

/**
 * One address of a broker.
 *
 * <p>Threading: immutable.
 *
 * @param name the listener's name, in capitals
 * @param protocol the security protocol: PLAINTEXT
 * @param host the host; empty for all interfaces (only where the broker listens, never where it is advertised)
 * @param port the port; 0 for a free one, and, when advertised, for the port that was then bound
 */
public record ListenerSpec(String name, String protocol, String host, int port) {

    @Override
    public String toString() {
        return name + "://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
