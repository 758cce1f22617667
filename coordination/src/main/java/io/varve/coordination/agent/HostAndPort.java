// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.zookeeper.config.ServerSpec;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;

/** Addresses as they are written: {@code host:port}, an IPv6 address in brackets. */
final class HostAndPort {

    private static final int PROBE_TIMEOUT_MS = 500;

    private HostAndPort() {}

    /** Writes an address as {@link #parse} reads it. */
    static String text(String host, int port) {
        return (host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host) + ":" + port;
    }

    /**
     * Reads an address; the name is not looked up.
     *
     * @throws IllegalArgumentException when it is not an address
     */
    static InetSocketAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            if (!host.isEmpty() && port > 0 && port <= 0xffff) {
                return InetSocketAddress.createUnresolved(host, port);
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not an address of the form host:port: address=" + text, e);
        }
        throw new IllegalArgumentException("not an address of the form host:port: address=" + text);
    }

    /**
     * Whether the machine of an address answers that nobody listens there; waits for the network, for half a second at most. Silence is
     * no answer, and neither is an unknown name.
     */
    static boolean refuses(String text) {
        InetSocketAddress address = parse(text);
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.getHostString(), address.getPort()), PROBE_TIMEOUT_MS);
            return false;
        } catch (ConnectException e) {
            return String.valueOf(e.getMessage()).contains("refused");
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * The address to bind for an address that others connect to: its port on all interfaces when that is wanted; else that one, as ZooKeeper
     * does, when it is this machine's; else, as behind a translation of addresses, its port on all interfaces after all.
     */
    static InetSocketAddress local(String text, boolean everywhere) {
        InetSocketAddress address = parse(text);
        try {
            InetAddress own = InetAddress.getByName(address.getHostString());
            boolean isOurs = own.isLoopbackAddress() || NetworkInterface.getByInetAddress(own) != null;
            return isOurs && !everywhere
                    ? new InetSocketAddress(own, address.getPort())
                    : new InetSocketAddress(address.getPort());
        } catch (UnknownHostException | SocketException e) {
            // Nobody here knows it; those who connect do.
            return new InetSocketAddress(address.getPort());
        }
    }

    /** An address of a member as ZooKeeper writes it; elections have no port of their own here. */
    static ServerSpec.Address serverAddress(String text) {
        InetSocketAddress address = parse(text);
        return new ServerSpec.Address(address.getHostString(), address.getPort(), address.getPort());
    }
}
