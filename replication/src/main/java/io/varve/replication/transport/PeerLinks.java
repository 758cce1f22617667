// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The links of one member of a group to the others: who sends names a peer and not a connection.
 *
 * <p>A peer has at most two links: one that was made from here, and one that the peer made; the newer is sent to. A link is made when
 * something is sent to a peer that has none, and the frame that was to be sent is dropped: senders repeat themselves. After an attempt
 * the next waits, counted from its beginning, for a time that doubles from attempt to attempt up to a bound; a link that has lasted longer
 * than the bound begins anew. There is no clock here: who sends says what time it is.
 *
 * <p>Frames to a peer keep their order as long as its link does not change.
 *
 * <p>Threading: confined to the owner's thread.
 */
public final class PeerLinks implements AutoCloseable {

    private final Transport transport;
    private final ConnectionAcceptor acceptor;
    private final long firstDelayNs;
    private final long largestDelayNs;
    private final Map<Integer, Peer> peers = new HashMap<>();

    /**
     * Links nobody yet.
     *
     * @param transport makes connections; stays the caller's
     * @param acceptor makes the handlers of the connections that are made from here; called on event loops
     * @param firstDelay time from the first attempt to the second, positive
     * @param largestDelay longest time between two attempts, not less than the first
     */
    public PeerLinks(Transport transport, ConnectionAcceptor acceptor, Duration firstDelay, Duration largestDelay) {
        if (firstDelay.isNegative() || firstDelay.isZero() || largestDelay.compareTo(firstDelay) < 0) {
            throw new IllegalArgumentException(
                    "delays out of range: firstDelay=" + firstDelay + ", largestDelay=" + largestDelay);
        }
        this.transport = transport;
        this.acceptor = acceptor;
        this.firstDelayNs = firstDelay.toNanos();
        this.largestDelayNs = largestDelay.toNanos();
    }

    /**
     * Says where a peer may be found. Links that exist stay.
     *
     * @param addresses tried in turn; empty when the peer can only be waited for
     */
    public void locate(int peer, List<InetSocketAddress> addresses) {
        peer(peer).addresses = List.copyOf(addresses);
    }

    /** Says that a connection is a peer's; called when the peer has said who it is, as often as it does. */
    public void identify(int peer, Connection connection) {
        Peer identified = peer(peer);
        if (connection == identified.accepted || connection == identified.made()) {
            return;
        }
        for (Peer other : peers.values()) {
            other.forget(connection);
        }
        Connection older = identified.accepted;
        if (older != null && older.id() > connection.id()) {
            return;
        }
        identified.accepted = connection;
        if (older != null) {
            older.close("the peer has made a newer connection: peer=" + peer + ", connection=" + connection.id());
        }
    }

    private Peer peer(int peer) {
        return peers.computeIfAbsent(peer, id -> new Peer());
    }

    /**
     * Sends to a peer; see {@link Connection#send}. Without a link the result is {@link SendResult#CLOSED}, and one is made if it is time.
     *
     * @param nowNs monotonic time
     */
    public SendResult send(int peer, OutFrame frame, long nowNs) {
        Peer to = peers.get(peer);
        if (to == null) {
            return SendResult.CLOSED;
        }
        Connection link = to.newest();
        while (link != null) {
            SendResult result = link.send(frame);
            if (result != SendResult.CLOSED) {
                return result;
            }
            to.forget(link);
            link = to.newest();
        }
        if (to.isDue(nowNs)) {
            to.connect(nowNs);
        }
        return SendResult.CLOSED;
    }

    /** Closes the links of a peer that seems to be gone, so that the next frame makes a new one; a broken network tells nobody. */
    public void drop(int peer, String reason) {
        Peer dropped = peers.get(peer);
        if (dropped != null) {
            dropped.closeLinks(reason);
        }
    }

    /** Closes the links of a peer and forgets it. */
    public void remove(int peer, String reason) {
        Peer removed = peers.remove(peer);
        if (removed != null) {
            removed.close(reason);
        }
    }

    /** Why the last attempt to connect to a peer has failed; empty when it has not. */
    public Optional<String> failure(int peer) {
        Peer asked = peers.get(peer);
        return Optional.ofNullable(asked == null || asked.attempt == null ? null : asked.attempt.failure);
    }

    /** Closes all links and forgets all peers. */
    @Override
    public void close() {
        peers.values().forEach(peer -> peer.close("the links are closed"));
        peers.clear();
    }

    /** What is known of one peer. */
    private final class Peer {

        private List<InetSocketAddress> addresses = List.of();
        private int nextAddress;
        private long attemptedNs;
        private int attempts;
        private @Nullable Attempt attempt;
        private @Nullable Connection accepted;

        @Nullable
        Connection made() {
            return attempt == null ? null : attempt.link;
        }

        @Nullable
        Connection newest() {
            Connection made = made();
            if (made == null || accepted == null) {
                return made == null ? accepted : made;
            }
            return made.id() > accepted.id() ? made : accepted;
        }

        void forget(Connection connection) {
            if (connection == accepted) {
                accepted = null;
            }
            if (attempt != null && connection == attempt.link) {
                attempt.link = null;
            }
        }

        boolean isDue(long nowNs) {
            if (addresses.isEmpty() || (attempt != null && !attempt.isSettled)) {
                return false;
            }
            return attempts == 0 || nowNs - attemptedNs >= delayNs();
        }

        private long delayNs() {
            long delayNs = firstDelayNs;
            for (int i = 1; i < attempts && delayNs < largestDelayNs; i++) {
                delayNs *= 2;
            }
            return Math.min(delayNs, largestDelayNs);
        }

        void connect(long nowNs) {
            boolean lasted = attempt != null && attempt.failure == null && nowNs - attemptedNs > largestDelayNs;
            attempts = lasted ? 1 : attempts + 1;
            attemptedNs = nowNs;
            InetSocketAddress address = addresses.get(Math.floorMod(nextAddress++, addresses.size()));
            Attempt next = new Attempt();
            attempt = next;
            transport.connect(address, next, next::failed);
        }

        /** An attempt that is under way goes on. */
        void closeLinks(String reason) {
            for (Connection link = newest(); link != null; link = newest()) {
                link.close(reason);
                forget(link);
            }
        }

        void close(String reason) {
            if (attempt != null) {
                attempt.abandon(reason);
            }
            closeLinks(reason);
        }
    }

    /** One attempt to connect, and the link that has come of it. Written by an event loop, read by the owner. */
    private final class Attempt implements ConnectionAcceptor {

        private volatile @Nullable Connection link;
        private volatile @Nullable String failure;
        private volatile @Nullable String abandoned;
        private volatile boolean isSettled;

        @Override
        public ConnectionHandler onOpened(Connection connection) {
            try {
                ConnectionHandler handler = acceptor.onOpened(connection);
                link = connection;
                closeIfAbandoned();
                return handler;
            } finally {
                isSettled = true;
            }
        }

        void failed(String reason) {
            failure = reason;
            isSettled = true;
        }

        /** Both sides look after each other's word, so one of them sees both. */
        void abandon(String reason) {
            abandoned = reason;
            closeIfAbandoned();
        }

        private void closeIfAbandoned() {
            Connection opened = link;
            String reason = abandoned;
            if (opened != null && reason != null) {
                opened.close(reason);
            }
        }
    }
}
