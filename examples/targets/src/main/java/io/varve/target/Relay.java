// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Carries the bytes of connections from a port to another, as long as the ways between them are not cut.
 *
 * <p>Threading: any thread; each connection has two threads of its own.
 */
final class Relay implements AutoCloseable {

    private static final int BUFFER_BYTES = 64 * 1024;

    private final ServerSocket listener;
    private final InetSocketAddress target;
    private final Way there;
    private final Way back;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * @param listens where it accepts connections
     * @param target to where it carries them
     * @param there what is sent to the target takes this way
     * @param back what the target sends takes this way
     */
    Relay(InetSocketAddress listens, InetSocketAddress target, Way there, Way back) {
        this.target = target;
        this.there = there;
        this.back = back;
        try {
            listener = new ServerSocket();
            listener.setReuseAddress(true);
            listener.bind(listens);
        } catch (IOException e) {
            throw new UncheckedIOException("a relay cannot listen: address=" + listens, e);
        }
        thread("accept", this::accept);
    }

    /** Where it accepts connections. */
    int port() {
        return listener.getLocalPort();
    }

    private void thread(String what, Runnable work) {
        Thread thread = new Thread(work, "relay-" + target.getPort() + "-" + what);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!closed) {
            try {
                Socket client = listener.accept();
                open.add(client);
                thread("there", () -> serve(client));
            } catch (IOException e) {
                if (!closed) {
                    throw new UncheckedIOException("a relay cannot accept: address=" + listener, e);
                }
            }
        }
    }

    private void serve(Socket client) {
        Socket server = new Socket();
        open.add(server);
        try {
            byte[] early = there.isCut() ? wait(client) : new byte[0];
            server.connect(target);
            server.setTcpNoDelay(true);
            client.setTcpNoDelay(true);
            server.getOutputStream().write(early);
        } catch (IOException e) { // nobody listens there, or whoever wanted to connect has given up
            back.await();
            end(client, server);
            return;
        }
        thread("back", () -> carry(server, client, back));
        carry(client, server, there);
    }

    /** Waits until the way there is not cut; what has been sent meanwhile. */
    private byte[] wait(Socket client) throws IOException {
        there.await();
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        byte[] buffer = new byte[BUFFER_BYTES];
        client.setSoTimeout(1);
        try {
            for (int read = client.getInputStream().read(buffer); read >= 0; ) {
                sent.write(buffer, 0, read);
                read = client.getInputStream().read(buffer);
            }
        } catch (SocketTimeoutException e) {
            client.setSoTimeout(0);
            return sent.toByteArray();
        }
        throw new EOFException("given up before it was made");
    }

    /** A connection that ends at one side ends at the other as soon as the news can get there. */
    private void carry(Socket from, Socket to, Way way) {
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            int read = from.getInputStream().read(buffer);
            while (read >= 0) {
                way.await();
                to.getOutputStream().write(buffer, 0, read);
                read = from.getInputStream().read(buffer);
            }
        } catch (IOException e) {
            // By a process that was killed, or by the other direction, which has ended it.
        }
        way.await();
        end(from, to);
    }

    private void end(Socket... sockets) {
        for (Socket socket : sockets) {
            open.remove(socket);
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        end(open.toArray(Socket[]::new));
    }
}
