// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import java.time.Duration;
import java.util.Optional;

/**
 * How connections behave, whichever side opens them; every limit is explicit and has a default. Limits of all connections are those of one
 * listener, or of those that one transport has made.
 *
 * <p>Threading: immutable.
 */
public abstract sealed class ConnectionConfig permits ListenerConfig, ConnectorConfig {

    private final int maxFrameBytes;
    private final int maxInFlightPerConnection;
    private final long maxInFlightBytesPerConnection;
    private final int maxInFlight;
    private final long maxInFlightBytes;
    private final int maxUnsentBytes;
    private final long idleTimeoutMs;
    private final long stallTimeoutMs;
    private final long unacknowledgedTimeoutMs;
    private final int sendBufferBytes;
    private final int receiveBufferBytes;
    private final Optional<TlsConfig> tls;

    ConnectionConfig(Builder<?> builder) {
        this.maxFrameBytes = builder.maxFrameBytes;
        this.maxInFlightPerConnection = builder.maxInFlightPerConnection;
        this.maxInFlightBytesPerConnection = builder.maxInFlightBytesPerConnection;
        this.maxInFlight = builder.maxInFlight;
        this.maxInFlightBytes = builder.maxInFlightBytes;
        this.maxUnsentBytes = builder.maxUnsentBytes;
        this.idleTimeoutMs = builder.idleTimeoutMs;
        this.stallTimeoutMs = builder.stallTimeoutMs;
        this.unacknowledgedTimeoutMs = builder.unacknowledgedTimeoutMs;
        this.sendBufferBytes = builder.sendBufferBytes;
        this.receiveBufferBytes = builder.receiveBufferBytes;
        this.tls = builder.tls;
    }

    /** Largest frame in bytes, inclusive. */
    public int maxFrameBytes() {
        return maxFrameBytes;
    }

    /** Most frames of one connection that wait for their answer or whose answer waits to be sent. */
    public int maxInFlightPerConnection() {
        return maxInFlightPerConnection;
    }

    /** Bytes of one connection's frames that wait for their answer at which reading from it stops. */
    public long maxInFlightBytesPerConnection() {
        return maxInFlightBytesPerConnection;
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
     * Bytes of one connection's answers in memory that are not yet sent at which reading from it stops; ranges of files do not count.
     * Counted apart, with 128 bytes for each frame, the same number of bytes of frames that answer nothing may wait; then sending is refused.
     */
    public int maxUnsentBytes() {
        return maxUnsentBytes;
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

    /**
     * Time for which bytes that were sent may stay unacknowledged by the peer's system before the connection breaks, milliseconds; 0 for the
     * system's default, which is many minutes. Only where the system can tell: not with {@link EventLoops.Kind#NIO}.
     */
    public long unacknowledgedTimeoutMs() {
        return unacknowledgedTimeoutMs;
    }

    /** Send buffer of a socket in bytes; -1 for the system's default. */
    public int sendBufferBytes() {
        return sendBufferBytes;
    }

    /** Receive buffer of a socket in bytes; -1 for the system's default. */
    public int receiveBufferBytes() {
        return receiveBufferBytes;
    }

    /** How connections are secured; empty for plaintext. */
    public Optional<TlsConfig> tls() {
        return tls;
    }

    /** What the peer may begin with instead of a frame. */
    abstract Preamble preamble();

    ConnectionBounds bounds() {
        return new ConnectionBounds(
                maxFrameBytes,
                preamble(),
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
     *
     * @param <B> the builder itself
     */
    public abstract static sealed class Builder<B extends Builder<B>>
            permits ListenerConfig.Builder, ConnectorConfig.Builder {

        private int maxFrameBytes = 100 << 20;
        private int maxInFlightPerConnection = 64;
        private long maxInFlightBytesPerConnection = 64L << 20;
        private int maxInFlight = Integer.MAX_VALUE;
        private long maxInFlightBytes = 256L << 20;
        private int maxUnsentBytes = 1 << 20;
        private long idleTimeoutMs = Duration.ofMinutes(10).toMillis();
        private long stallTimeoutMs = Duration.ofSeconds(30).toMillis();
        private long unacknowledgedTimeoutMs;
        private int sendBufferBytes = -1;
        private int receiveBufferBytes = -1;
        private Optional<TlsConfig> tls = Optional.empty();

        Builder() {}

        /** Takes over the values of another configuration. */
        final B like(ConnectionConfig config) {
            maxFrameBytes = config.maxFrameBytes;
            maxInFlightPerConnection = config.maxInFlightPerConnection;
            maxInFlightBytesPerConnection = config.maxInFlightBytesPerConnection;
            maxInFlight = config.maxInFlight;
            maxInFlightBytes = config.maxInFlightBytes;
            maxUnsentBytes = config.maxUnsentBytes;
            idleTimeoutMs = config.idleTimeoutMs;
            stallTimeoutMs = config.stallTimeoutMs;
            unacknowledgedTimeoutMs = config.unacknowledgedTimeoutMs;
            sendBufferBytes = config.sendBufferBytes;
            receiveBufferBytes = config.receiveBufferBytes;
            tls = config.tls;
            return self();
        }

        abstract B self();

        /** Largest frame that may come, in bytes, inclusive; default 100 MiB. */
        public final B maxFrameBytes(int bytes) {
            maxFrameBytes = bytes;
            return self();
        }

        /** Frames of one connection whose exchange is open at which reading from it stops; default 64. */
        public final B maxInFlightPerConnection(int frames) {
            maxInFlightPerConnection = frames;
            return self();
        }

        /** Bytes of one connection's frames whose exchange is open at which reading from it stops; default 64 MiB. */
        public final B maxInFlightBytesPerConnection(long bytes) {
            maxInFlightBytesPerConnection = bytes;
            return self();
        }

        /** Frames of all connections whose exchange is open at which reading stops everywhere; default no limit. */
        public final B maxInFlight(int frames) {
            maxInFlight = frames;
            return self();
        }

        /** Bytes of all connections' frames whose exchange is open at which reading stops everywhere; default 256 MiB. */
        public final B maxInFlightBytes(long bytes) {
            maxInFlightBytes = bytes;
            return self();
        }

        /** Bytes of one connection that wait to be sent at which sending is refused; default 1 MiB. */
        public final B maxUnsentBytes(int bytes) {
            maxUnsentBytes = bytes;
            return self();
        }

        /** Time without traffic after which a connection is closed, milliseconds, 0 for never; default 10 minutes. */
        public final B idleTimeoutMs(long timeoutMs) {
            idleTimeoutMs = timeoutMs;
            return self();
        }

        /** Time in which more of a begun frame of more than 64 KiB must come, milliseconds; default 30 seconds. */
        public final B stallTimeoutMs(long timeoutMs) {
            stallTimeoutMs = timeoutMs;
            return self();
        }

        /** Time for which bytes that were sent may stay unacknowledged, milliseconds; default 0, the system's. */
        public final B unacknowledgedTimeoutMs(long timeoutMs) {
            unacknowledgedTimeoutMs = timeoutMs;
            return self();
        }

        /** Send buffer of a socket in bytes; default -1, the system's. */
        public final B sendBufferBytes(int bytes) {
            sendBufferBytes = bytes;
            return self();
        }

        /** Receive buffer of a socket in bytes; default -1, the system's. */
        public final B receiveBufferBytes(int bytes) {
            receiveBufferBytes = bytes;
            return self();
        }

        /** How connections are secured; default plaintext. */
        public final B tls(TlsConfig config) {
            tls = Optional.of(config);
            return self();
        }
    }
}
