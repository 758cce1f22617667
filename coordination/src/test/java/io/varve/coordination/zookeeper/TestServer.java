// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeSession;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A front end behind real sockets, for real clients: one member in memory, one thread for it, one for each connection. It expires
 * sessions that are silent.
 */
final class TestServer implements AutoCloseable {

    private final FakeReplica replica = FakeReplica.immediate();
    private final ZooKeeperFrontEnd frontEnd;
    private final ScheduledExecutorService member = Executors.newSingleThreadScheduledExecutor(work -> {
        final Thread thread = new Thread(work, "member");
        thread.setDaemon(true);
        return thread;
    });
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final Map<Long, Long> heardNs = new HashMap<>();
    private final ServerSocket listener;
    private volatile boolean refusing;

    TestServer() {
        this(TestClient.CONFIG.withWords(Set.of("*")));
    }

    TestServer(FrontEndConfig config) {
        frontEnd = TestClient.frontEnd(replica, config, null);
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start("accept", this::acceptAll);
        member.scheduleWithFixedDelay(this::expire, 50, 50, TimeUnit.MILLISECONDS);
    }

    static TestServer withSessionsFrom(int minTimeoutMs) {
        return new TestServer(new FrontEndConfig(minTimeoutMs, 60_000, 0xfffff, 0, 10_000, Set.of("*"), null));
    }

    String address() {
        return "127.0.0.1:" + port();
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Runs on the member's thread. */
    <T> T onMember(Callable<T> work) {
        try {
            return member.submit(work).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    FakeReplica replica() {
        return replica;
    }

    ZooKeeperFrontEnd frontEnd() {
        return frontEnd;
    }

    /** Cuts all connections, as a network does. */
    void cut() {
        for (Socket socket : sockets) {
            closeQuietly(socket);
        }
    }

    /** Whether new connections are cut at once. */
    void refuse(boolean newRefusing) {
        refusing = newRefusing;
    }

    private void expire() {
        final long nowNs = System.nanoTime();
        for (long heard : replica.heard) {
            heardNs.put(heard, nowNs);
        }
        replica.heard.clear();
        for (TreeSession session : new ArrayList<>(replica.tree().sessions())) {
            final long silentNs = nowNs - heardNs.computeIfAbsent(session.id(), id -> nowNs);
            if (silentNs > TimeUnit.MILLISECONDS.toNanos(session.timeoutMs())) {
                replica.timeMs(System.currentTimeMillis());
                replica.applyNow(new TreeCommand.CloseSession(session.id(), true));
            }
        }
    }

    private void acceptAll() {
        while (!listener.isClosed()) {
            try {
                final Socket socket = listener.accept();
                if (refusing) {
                    socket.close();
                } else {
                    socket.setTcpNoDelay(true);
                    sockets.add(socket);
                    start("connection", () -> serve(socket));
                }
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        ClientConnection connection = null;
        try {
            final DataInputStream in = new DataInputStream(socket.getInputStream());
            final Channel channel = new Channel(socket);
            byte[] first = in.readNBytes(4);
            final String word = new String(first, ISO_8859_1);
            if (ZooKeeperFrontEnd.isWord(word)) {
                socket.getOutputStream()
                        .write(onMember(() -> frontEnd.answerWord(word)).getBytes(UTF_8));
                return;
            }
            final ClientPeer peer = new ClientPeer(socket.getInetAddress().getHostAddress(), socket.getPort());
            final ClientConnection accepted = onMember(() -> frontEnd.accept(peer, channel));
            connection = accepted;
            while (first.length == 4) {
                final int length = ByteBuffer.wrap(first).getInt();
                if (length < 0 || length > frontEnd.config().maxFrameBytes()) {
                    return;
                }
                final byte[] frame = in.readNBytes(length);
                if (frame.length < length) {
                    return;
                }
                member.execute(() -> {
                    replica.timeMs(System.currentTimeMillis());
                    accepted.onFrame(ByteBuffer.wrap(frame));
                });
                first = in.readNBytes(4);
            }
        } catch (IOException e) {
            // the client is gone
        } finally {
            closeQuietly(socket);
            sockets.remove(socket);
            final ClientConnection gone = connection;
            if (gone != null && !member.isShutdown()) {
                member.execute(gone::onClosed);
            }
        }
    }

    private static void start(String name, Runnable body) {
        final Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        cut();
        member.shutdownNow();
    }

    /** Writes at once; good enough for tests. */
    private static final class Channel implements ClientChannel {

        private final Socket socket;

        Channel(Socket socket) {
            this.socket = socket;
        }

        @Override
        public void reply(ByteBuffer frame) {
            send(frame);
        }

        @Override
        public void push(ByteBuffer frame) {
            send(frame);
        }

        private void send(ByteBuffer frame) {
            try {
                final DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                final byte[] bytes = new byte[4 + frame.remaining()];
                ByteBuffer.wrap(bytes).putInt(frame.remaining()).put(frame);
                out.write(bytes);
            } catch (IOException e) {
                closeQuietly(socket);
            }
        }

        @Override
        public void close(String reason) {
            closeQuietly(socket);
        }
    }
}
