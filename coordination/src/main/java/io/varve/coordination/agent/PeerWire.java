// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.quorum.PeerMessage;
import io.varve.coordination.quorum.PeerMessageCodec;
import io.varve.coordination.quorum.PeerMessageException;
import io.varve.coordination.quorum.Voter;
import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionHandler;
import io.varve.replication.transport.Exchange;
import io.varve.replication.transport.FramePart;
import io.varve.replication.transport.OutFrame;
import io.varve.replication.transport.PeerLinks;
import io.varve.replication.transport.Transport;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;

/**
 * The messages of a member on their way to the others and back: a message is a frame. What cannot be sent at once is dropped; the quorum
 * repeats itself.
 *
 * <p>Threading: confined to the member's thread, to which frames are handed over.
 */
final class PeerWire implements AutoCloseable {

    private static final Duration FIRST_DELAY = Duration.ofMillis(20);
    private static final Duration LARGEST_DELAY = Duration.ofSeconds(2);

    private final int self;
    private final MemberThread thread;
    private final LongSupplier nanoTime;
    private final Consumer<PeerMessage> onMessage;
    private final IntConsumer onGone;
    private final PeerLinks links;
    private final Map<Integer, List<String>> addresses = new ConcurrentHashMap<>();

    /** Whose connection it is, by the last message that came over it. */
    private final Map<Long, Integer> speakers = new HashMap<>();

    /**
     * A wire without links.
     *
     * @param onMessage is given what other members say
     * @param onGone is told when the last link to a member has broken
     */
    PeerWire(
            int self,
            Transport transport,
            MemberThread thread,
            LongSupplier nanoTime,
            Consumer<PeerMessage> onMessage,
            IntConsumer onGone) {
        this.self = self;
        this.thread = thread;
        this.nanoTime = nanoTime;
        this.onMessage = onMessage;
        this.onGone = onGone;
        this.links = new PeerLinks(transport, this::handler, FIRST_DELAY, LARGEST_DELAY);
    }

    /** The handler of a connection to another member, from whichever side it was made; on any thread. */
    ConnectionHandler handler(Connection connection) {
        return new PeerHandler(connection);
    }

    /** Takes note of where members are; what is known of others stays. */
    void locate(Collection<Voter> voters) {
        for (Voter voter : voters) {
            if (voter.id() != self && !voter.addresses().equals(addresses.put(voter.id(), voter.addresses()))) {
                List<InetSocketAddress> resolved = new ArrayList<>();
                voter.addresses().forEach(address -> resolved.add(HostAndPort.parse(address)));
                links.locate(voter.id(), resolved);
            }
        }
    }

    /** Whether there is a connection over which a member has spoken. */
    boolean isLinked(int member) {
        return speakers.containsValue(member);
    }

    /** Where a member may be found; empty when that is not known. Any thread. */
    List<String> addresses(int member) {
        return addresses.getOrDefault(member, List.of());
    }

    /** Sends a message, or drops it. */
    void send(int to, PeerMessage message) {
        OutFrame frame = OutFrame.of(List.of(new FramePart.Bytes(PeerMessageCodec.encode(message))));
        links.send(to, frame, nanoTime.getAsLong());
    }

    /** Closes the links to a member that has been silent for too long. */
    void drop(int member) {
        links.drop(member, "the member is silent: member=" + member);
    }

    private void received(Connection connection, ByteBuffer bytes) {
        PeerMessage message;
        try {
            message = PeerMessageCodec.decode(bytes);
        } catch (PeerMessageException e) {
            connection.close("not a message of a quorum: " + e.getMessage());
            return;
        }
        int from = message.header().from().id();
        if (!Integer.valueOf(from).equals(speakers.put(connection.id(), from))) {
            links.identify(from, connection);
        }
        onMessage.accept(message);
    }

    private void gone(Connection connection) {
        Integer speaker = speakers.remove(connection.id());
        if (speaker != null && !speakers.containsValue(speaker)) {
            onGone.accept(speaker);
        }
    }

    @Override
    public void close() {
        links.close();
    }

    private final class PeerHandler implements ConnectionHandler {

        private final Connection connection;

        PeerHandler(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void onFrame(ByteBuffer frame, Exchange exchange) {
            // A copy, since entries outlive the frame; the exchange stays open until the member has seen it, which
            // bounds what is read.
            ByteBuffer bytes = ByteBuffer.allocate(frame.remaining())
                    .put(frame.duplicate())
                    .flip();
            boolean taken = thread.execute(() -> {
                received(connection, bytes);
                exchange.done();
            });
            if (!taken) {
                exchange.disconnect("this member stops");
            }
        }

        @Override
        public void onClosed(String reason) {
            thread.execute(() -> gone(connection));
        }
    }
}
