// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * How a listener behaves; every limit is explicit and has a default.
 *
 * <p>Threading: immutable.
 */
public final class ListenerConfig {

    private final String host;
    private final int port;
    private final int maxFrameBytes;
    private final int maxConnections;
    private final int maxConnectionsPerIp;
    private final int maxInFlightPerConnection;
    private final long maxInFlightBytesPerConnection;
    private final int maxInFlight;
    private final long maxInFlightBytes;
    private final int maxUnsentBytes;
    private final long idleTimeoutMs;
    private final long stallTimeoutMs;
    private final long drainTimeoutMs;
    private final int sendBufferBytes;
    private final int receiveBufferBytes;
    private final int backlog;
    private final long unacknowledgedTimeoutMs;
    private final Preamble preamble;
    private final Optional<TlsConfig> tls;

    private ListenerConfig(Builder builder) {
        this.host = builder.host;
        this.port = builder.port;
        this.maxFrameBytes = builder.maxFrameBytes;
        this.maxConnections = builder.maxConnections;
        this.maxConnectionsPerIp = builder.maxConnectionsPerIp;
        this.maxInFlightPerConnection = builder.maxInFlightPerConnection;
        this.maxInFlightBytesPerConnection = builder.maxInFlightBytesPerConnection;
        this.maxInFlight = builder.maxInFlight;
        this.maxInFlightBytes = builder.maxInFlightBytes;
        this.maxUnsentBytes = builder.maxUnsentBytes;
        this.idleTimeoutMs = builder.idleTimeoutMs;
        this.stallTimeoutMs = builder.stallTimeoutMs;
        this.drainTimeoutMs = builder.drainTimeoutMs;
        this.sendBufferBytes = builder.sendBufferBytes;
        this.receiveBufferBytes = builder.receiveBufferBytes;
        this.backlog = builder.backlog;
        this.unacknowledgedTimeoutMs = builder.unacknowledgedTimeoutMs;
        this.preamble = new Preamble(builder.maxFrameBytesKey, builder.words);
        this.tls = builder.tls;
    }

    /** A builder for a listener at this address; an empty host means all, port 0 a free one. */
    public static Builder at(String host, int port) {
        return new Builder(host, port);
    }

    /** Name or address to listen at; empty for all. */
    public String host() {
        return host;
    }

    /** Port to listen at; 0 for a free one. */
    public int port() {
        return port;
    }

    /** Largest frame in bytes, inclusive. */
    public int maxFrameBytes() {
        return maxFrameBytes;
    }

    /** Most connections at a time; more are closed as they come. */
    public int maxConnections() {
        return maxConnections;
    }

    /** Most connections at a time from one address. */
    public int maxConnectionsPerIp() {
        return maxConnectionsPerIp;
    }

    /** Most frames of one connection that wait for their answer or whose answer waits to be sent. */
    public int maxInFlightPerConnection() {
        return maxInFlightPerConnection;
    }

    /** Bytes of one connection's frames that wait for their answer at which reading from it stops. */
    public long maxInFlightBytesPerConnection() {
        return maxInFlightBytesPerConnection;
    }

    /**
     * Bytes of one connection's answers in memory that are not yet sent at which reading from it stops; ranges of files do not count.
     * Counted apart, with 128 bytes for each frame, the same number of bytes of frames that answer nothing may wait; then sending is refused.
     */
    public int maxUnsentBytes() {
        return maxUnsentBytes;
    }

    /** Number of frames of all connections that wait for their answer at which reading stops everywhere. */
    public int maxInFlight() {
        return maxInFlight;
    }

    /**
     * Bytes of all frames that wait for their answer, or of which more than the beginning has come, at which reading stops everywhere; what
     * was begun is finished. So the memory of all frames is at most this, one largest frame, and 64 KiB for each connection.
     */
    public long maxInFlightBytes() {
        return maxInFlightBytes;
    }

    /**
     * Time without traffic, and without a frame that waits for its answer, after which a connection is closed, milliseconds; 0 for never.
     * A peer that leaves its answers unread makes no traffic.
     */
    public long idleTimeoutMs() {
        return idleTimeoutMs;
    }

    /** Time in which more of a begun frame of more than 64 KiB must come, milliseconds: the frame holds memory that others may want. */
    public long stallTimeoutMs() {
        return stallTimeoutMs;
    }

    /** Time that answers have to be given and sent when the listener closes, milliseconds. */
    public long drainTimeoutMs() {
        return drainTimeoutMs;
    }

    /** Send buffer of a socket in bytes; -1 for the system's default. */
    public int sendBufferBytes() {
        return sendBufferBytes;
    }

    /** Receive buffer of a socket in bytes; -1 for the system's default. */
    public int receiveBufferBytes() {
        return receiveBufferBytes;
    }

    /** Connections that wait to be accepted. */
    public int backlog() {
        return backlog;
    }

    /**
     * Time for which bytes that were sent may stay unacknowledged by the peer's system before the connection breaks, milliseconds; 0 for the
     * system's default, which is many minutes. Only where the system can tell: not with {@link EventLoops.Kind#NIO}.
     */
    public long unacknowledgedTimeoutMs() {
        return unacknowledgedTimeoutMs;
    }

    /** Words of four bytes that a peer may begin with instead of a frame. */
    public Set<String> words() {
        return preamble.words();
    }

    /** How connections are secured; empty for plaintext. */
    public Optional<TlsConfig> tls() {
        return tls;
    }

    /** A builder for a listener at another address with the same limits. */
    Builder at(InetSocketAddress address) {
        Builder builder = new Builder(
                address.isUnresolved() || !address.getAddress().isAnyLocalAddress() ? address.getHostString() : "",
                address.getPort());
        builder.maxFrameBytes = maxFrameBytes;
        builder.maxFrameBytesKey = preamble.key();
        builder.maxConnections = maxConnections;
        builder.maxConnectionsPerIp = maxConnectionsPerIp;
        builder.maxInFlightPerConnection = maxInFlightPerConnection;
        builder.maxInFlightBytesPerConnection = maxInFlightBytesPerConnection;
        builder.maxInFlight = maxInFlight;
        builder.maxInFlightBytes = maxInFlightBytes;
        builder.maxUnsentBytes = maxUnsentBytes;
        builder.idleTimeoutMs = idleTimeoutMs;
        builder.stallTimeoutMs = stallTimeoutMs;
        builder.drainTimeoutMs = drainTimeoutMs;
        builder.sendBufferBytes = sendBufferBytes;
        builder.receiveBufferBytes = receiveBufferBytes;
        builder.backlog = backlog;
        builder.unacknowledgedTimeoutMs = unacknowledgedTimeoutMs;
        builder.words = preamble.words();
        builder.tls = tls;
        return builder;
    }

    ConnectionBounds bounds() {
        return new ConnectionBounds(
                maxFrameBytes,
                preamble,
                maxInFlightPerConnection,
                maxInFlightBytesPerConnection,
                maxUnsentBytes,
                idleTimeoutMs,
                stallTimeoutMs);
    }

    /**
     * Collects values.
     *
     * <p>Threading: confined to one thread.
     */
    public static final class Builder {

        private final String host;
        private final int port;
        private int maxFrameBytes = 100 << 20;
        private int maxConnections = Integer.MAX_VALUE;
        private int maxConnectionsPerIp = Integer.MAX_VALUE;
        private int maxInFlightPerConnection = 64;
        private long maxInFlightBytesPerConnection = 64L << 20;
        private int maxInFlight = Integer.MAX_VALUE;
        private long maxInFlightBytes = 256L << 20;
        private int maxUnsentBytes = 1 << 20;
        private long stallTimeoutMs = Duration.ofSeconds(30).toMillis();
        private long idleTimeoutMs = Duration.ofMinutes(10).toMillis();
        private long drainTimeoutMs = Duration.ofSeconds(3).toMillis();
        private int sendBufferBytes = -1;
        private int receiveBufferBytes = -1;
        private int backlog = 50;
        private long unacknowledgedTimeoutMs;
        private String maxFrameBytesKey = "";
        private Set<String> words = Set.of();
        private Optional<TlsConfig> tls = Optional.empty();

        private Builder(String host, int port) {
            this.host = host;
            this.port = port;
        }

        public Builder maxFrameBytes(int bytes) {
            maxFrameBytes = bytes;
            return this;
        }

        /** The name by which users know the largest frame, for messages. */
        public Builder maxFrameBytesKey(String key) {
            maxFrameBytesKey = key;
            return this;
        }

        public Builder maxConnections(int connections) {
            maxConnections = connections;
            return this;
        }

        public Builder maxConnectionsPerIp(int connections) {
            maxConnectionsPerIp = connections;
            return this;
        }

        public Builder maxInFlightPerConnection(int frames) {
            maxInFlightPerConnection = frames;
            return this;
        }

        public Builder maxInFlightBytesPerConnection(long bytes) {
            maxInFlightBytesPerConnection = bytes;
            return this;
        }

        public Builder maxInFlight(int frames) {
            maxInFlight = frames;
            return this;
        }

        public Builder maxInFlightBytes(long bytes) {
            maxInFlightBytes = bytes;
            return this;
        }

        public Builder maxUnsentBytes(int bytes) {
            maxUnsentBytes = bytes;
            return this;
        }

        public Builder stallTimeoutMs(long timeoutMs) {
            stallTimeoutMs = timeoutMs;
            return this;
        }

        public Builder idleTimeoutMs(long timeoutMs) {
            idleTimeoutMs = timeoutMs;
            return this;
        }

        public Builder drainTimeoutMs(long timeoutMs) {
            drainTimeoutMs = timeoutMs;
            return this;
        }

        public Builder sendBufferBytes(int bytes) {
            sendBufferBytes = bytes;
            return this;
        }

        public Builder receiveBufferBytes(int bytes) {
            receiveBufferBytes = bytes;
            return this;
        }

        public Builder backlog(int connections) {
            backlog = connections;
            return this;
        }

        public Builder unacknowledgedTimeoutMs(long timeoutMs) {
            unacknowledgedTimeoutMs = timeoutMs;
            return this;
        }

        /**
         * Words of four characters of ASCII. As numbers they are larger than the largest frame, which words of letters always are while that is
         * less than 1,094,795,585 bytes.
         */
        public Builder words(Set<String> fourBytes) {
            words = Set.copyOf(fourBytes);
            return this;
        }

        public Builder tls(TlsConfig config) {
            tls = Optional.of(config);
            return this;
        }

        /**
         * Builds what was collected.
         *
         * @throws IllegalArgumentException when a word is not four characters of ASCII, or could be the length of a frame
         */
        public ListenerConfig build() {
            for (String word : words) {
                boolean isWord = word.length() == 4 && word.chars().allMatch(c -> c > ' ' && c < 0x7f);
                if (!isWord || Preamble.length(word) <= maxFrameBytes) {
                    throw new IllegalArgumentException(
                            "not a word, or the length of a frame: word=" + word + ", maxFrameBytes=" + maxFrameBytes);
                }
            }
            return new ListenerConfig(this);
        }
    }
}
