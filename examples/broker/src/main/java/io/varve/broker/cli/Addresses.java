// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.stream.Collectors;

/** Writes addresses as people type them. */
final class Addresses {

    private Addresses() {}

    /** HOST:PORT between commas; a listener on all interfaces is shown as localhost, where it can be reached. */
    static String joined(List<InetSocketAddress> addresses) {
        return addresses.stream().map(Addresses::text).collect(Collectors.joining(","));
    }

    private static String text(InetSocketAddress address) {
        final InetAddress inet = address.getAddress();
        if (inet != null && inet.isAnyLocalAddress()) {
            return "localhost:" + address.getPort();
        }
        final String host = address.getHostString();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}
