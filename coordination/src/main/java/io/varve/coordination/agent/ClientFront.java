// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.QuorumLostException;
import io.varve.coordination.zookeeper.ClientChannel;
import io.varve.coordination.zookeeper.ClientConnection;
import io.varve.coordination.zookeeper.ClientPeer;
import io.varve.coordination.zookeeper.ZooKeeperFrontEnd;
import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.ConnectionHandler;
import io.varve.replication.transport.Exchange;
import io.varve.replication.transport.FramePart;
import io.varve.replication.transport.OutFrame;
import io.varve.replication.transport.SendResult;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * Where ZooKeeper's clients and operators come in: hands what listeners receive to the member's thread, and what that answers back.
 *
 * <p>Threading: safe.
 */
public final class ClientFront implements ConnectionAcceptor {

    private final MemberThread thread;
    private final ZooKeeperFrontEnd frontEnd;

    ClientFront(MemberThread thread, ZooKeeperFrontEnd frontEnd) {
        this.thread = thread;
        this.frontEnd = frontEnd;
    }

    @Override
    public ConnectionHandler onOpened(Connection connection) {
        Client client = new Client(connection);
        client.execute(client::accept);
        return client;
    }

    /** The four-letter words that a listener must know from the length of a frame. */
    public static Set<String> words() {
        return ZooKeeperFrontEnd.words();
    }

    /**
     * Carries out a command of ZooKeeper's AdminServer.
     *
     * @param name its name or one of its short names
     * @return what is to be sent as JSON; see {@link ZooKeeperFrontEnd#runCommand}
     */
    public CompletionStage<Map<String, @Nullable Object>> runCommand(String name) {
        CompletableFuture<Map<String, @Nullable Object>> result = new CompletableFuture<>();
        boolean taken = thread.execute(() -> {
            try {
                result.complete(frontEnd.runCommand(name));
            } catch (RuntimeException e) { // told to who asked, and no matter for the member
                result.completeExceptionally(e);
            }
        });
        if (!taken) {
            result.completeExceptionally(new QuorumLostException("the member is closed or has failed"));
        }
        return result;
    }

    /** The names of the admin commands. */
    public Set<String> commandNames() {
        return frontEnd.commandNames();
    }

    /** One client: frames go to the member's thread with the exchanges that they are answered by, in order. */
    private final class Client implements ConnectionHandler, ClientChannel {

        private final Connection connection;

        /** Of the frames that have no answer yet; confined to the member's thread, as is the rest. */
        private final Deque<Exchange> exchanges = new ArrayDeque<>();

        private @Nullable ClientConnection client;

        Client(Connection connection) {
            this.connection = connection;
        }

        void execute(Runnable task) {
            if (!thread.execute(task)) {
                connection.close("this member stops");
            }
        }

        void accept() {
            ClientPeer peer = new ClientPeer(
                    connection.remote().getAddress().getHostAddress(),
                    connection.remote().getPort(),
                    connection.peerPrincipal().map(X500Principal::getName).orElse(null));
            client = frontEnd.accept(peer, this);
        }

        @Override
        public void onFrame(ByteBuffer frame, Exchange exchange) {
            execute(() -> {
                exchanges.add(exchange);
                if (client != null) {
                    client.onFrame(frame);
                }
            });
        }

        @Override
        public void onWord(String word, Exchange exchange) {
            execute(() -> {
                if (client != null) {
                    client.onClosed(); // it is no client
                }
                byte[] answer = frontEnd.answerWord(word).getBytes(StandardCharsets.UTF_8);
                exchange.reply(frame(ByteBuffer.wrap(answer)));
            });
        }

        @Override
        public void onClosed(String reason) {
            thread.execute(() -> {
                if (client != null) {
                    client.onClosed();
                }
                exchanges.clear();
            });
        }

        @Override
        public void reply(ByteBuffer frame) {
            exchanges.remove().reply(frame(frame));
        }

        @Override
        public void push(ByteBuffer frame) {
            if (connection.send(frame(frame)) == SendResult.BACK_PRESSURED) {
                connection.close("the client does not read its watch events");
            }
        }

        @Override
        public void close(String reason) {
            connection.finish(reason);
        }

        private static OutFrame frame(ByteBuffer bytes) {
            return OutFrame.of(List.of(new FramePart.Bytes(bytes)));
        }
    }
}
