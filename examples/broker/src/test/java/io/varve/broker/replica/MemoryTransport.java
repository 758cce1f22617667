// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.ConnectionHandler;
import io.varve.replication.transport.Exchange;
import io.varve.replication.transport.FramePart;
import io.varve.replication.transport.Listener;
import io.varve.replication.transport.OutFrame;
import io.varve.replication.transport.SendResult;
import io.varve.replication.transport.Transport;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** Connections without sockets and threads: the other end is a test, which calls back when it likes to. */
final class MemoryTransport implements Transport {

    /** Why nobody can be reached; null when somebody can. */
    @Nullable
    String failure;

    private final BiConsumer<MemoryConnection, ByteBuffer> onSent;
    private @Nullable MemoryConnection latest;

    /**
     * Connects to nobody yet.
     *
     * @param onSent told of each frame that is sent
     */
    MemoryTransport(BiConsumer<MemoryConnection, ByteBuffer> onSent) {
        this.onSent = onSent;
    }

    @Override
    public Listener listen(InetSocketAddress local, ConnectionAcceptor acceptor) {
        throw new UnsupportedOperationException("nobody listens here");
    }

    @Override
    public void connect(InetSocketAddress remote, ConnectionAcceptor acceptor, Consumer<String> onFailed) {
        if (failure != null) {
            onFailed.accept(failure);
            return;
        }
        MemoryConnection connection = new MemoryConnection(remote);
        latest = connection;
        connection.handler = acceptor.onOpened(connection);
    }

    /** The connection that was made last, null when that is closed. */
    @Nullable
    MemoryConnection open() {
        return latest == null || latest.isClosed ? null : latest;
    }

    @Override
    public void close() {}

    /** One connection. */
    final class MemoryConnection implements Connection {

        private final InetSocketAddress remote;
        private @Nullable ConnectionHandler handler;
        private boolean isClosed;
        private int openExchanges;

        private MemoryConnection(InetSocketAddress remote) {
            this.remote = remote;
        }

        boolean isClosed() {
            return isClosed;
        }

        /** Frames that were received and whose memory is still held. */
        int openExchanges() {
            return openExchanges;
        }

        /** Lets a frame arrive; its bytes are spoilt when they are given back. */
        void receive(ByteBuffer frame) {
            if (isClosed || handler == null) {
                return;
            }
            openExchanges++;
            ByteBuffer memory = ByteBuffer.allocateDirect(frame.remaining());
            memory.put(frame.duplicate()).flip();
            handler.onFrame(memory.duplicate(), new Exchange() {
                private boolean isCompleted;

                @Override
                public void reply(OutFrame answer) {
                    throw new AssertionError("a response is not answered");
                }

                @Override
                public void done() {
                    if (isCompleted) {
                        throw new AssertionError("completed twice");
                    }
                    isCompleted = true;
                    openExchanges--;
                    while (memory.hasRemaining()) {
                        memory.put((byte) 0xAA);
                    }
                }

                @Override
                public void disconnect(String reason) {
                    done();
                    close(reason);
                }
            });
        }

        @Override
        public long id() {
            return 1;
        }

        @Override
        public InetSocketAddress remote() {
            return remote;
        }

        @Override
        public InetSocketAddress local() {
            return remote;
        }

        @Override
        public Optional<X500Principal> peerPrincipal() {
            return Optional.empty();
        }

        @Override
        public SendResult send(OutFrame frame) {
            if (isClosed) {
                return SendResult.CLOSED;
            }
            ByteBuffer bytes = ByteBuffer.allocate(frame.sizeBytes());
            frame.parts()
                    .forEach(part -> bytes.put(((FramePart.Bytes) part).buffer().duplicate()));
            frame.onReleased().run();
            onSent.accept(this, bytes.flip());
            return SendResult.SENT;
        }

        @Override
        public void finish(String reason) {
            close(reason);
        }

        @Override
        public void close(String reason) {
            if (!isClosed) {
                isClosed = true;
                if (handler != null) {
                    handler.onClosed(reason);
                }
            }
        }
    }
}
