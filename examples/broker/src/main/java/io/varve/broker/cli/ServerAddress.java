// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Where a server listens, as people type it: HOST:PORT, an IPv6 host in brackets.
 *
 * <p>Threading: immutable.
 *
 * @param host a name or an address, without brackets
 * @param port 0 to 65535
 */
record ServerAddress(String host, int port) {

    /** The address in a text, or null when the text is not of the form HOST:PORT. */
    static @Nullable ServerAddress parse(String text) {
        final int colon = text.lastIndexOf(':');
        final String port = text.substring(colon + 1);
        if (colon <= 0 || !port.matches("\\d{1,5}") || Integer.parseInt(port) > 65535) {
            return null;
        }
        return new ServerAddress(text.substring(0, colon).replaceAll("[\\[\\]]", ""), Integer.parseInt(port));
    }

    /** Connects. The caller closes the socket; reads on it end after the same time. */
    Socket connect(int timeoutMs) throws IOException {
        final InetSocketAddress target = new InetSocketAddress(host, port);
        if (target.isUnresolved()) {
            throw new ConnectException("unknown host");
        }
        final Socket socket = new Socket();
        try {
            socket.connect(target, timeoutMs);
            socket.setSoTimeout(timeoutMs);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Why nobody can connect, in a few words, or nothing when somebody can. */
    String problem(int timeoutMs) {
        try (Socket socket = connect(timeoutMs)) {
            return socket.isConnected() ? "" : "not connected";
        } catch (IOException e) {
            return words(e, timeoutMs);
        }
    }

    /** What an exception of a connection means, in a few words. */
    static String words(IOException e, int timeoutMs) {
        if (e instanceof SocketTimeoutException) {
            return "no answer within " + (timeoutMs % 1000 == 0 ? timeoutMs / 1000 + " s" : timeoutMs + " ms");
        }
        final String text = String.valueOf(e.getMessage());
        return text.toLowerCase(java.util.Locale.ROOT).contains("refused") ? "connection refused" : text;
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
