// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * How connections behave that are made from here; every limit is explicit and has a default. What a limit means is the same as for a
 * {@link ListenerConfig}, and limits of all connections are those of one transport.
 *
 * <p>Threading: immutable.
 */
public final class ConnectorConfig {

    private final long connectTimeoutMs;
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

    private ConnectorConfig(Builder builder) {
        this.connectTimeoutMs = builder.connectTimeoutMs;
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

    /** A builder with defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Time in which a connection must be open, from looking up the name to the end of the TLS handshake, milliseconds. */
    public long connectTimeoutMs() {
        return connectTimeoutMs;
    }

    /** Largest frame that may come, in bytes, inclusive. */
    public int maxFrameBytes() {
        return maxFrameBytes;
    }

    /** Frames of all connections that wait for their answer at which reading stops everywhere. */
    public int maxInFlight() {
        return maxInFlight;
    }

    /** Bytes of the frames of all connections that wait for their answer at which reading stops everywhere. */
    public long maxInFlightBytes() {
        return maxInFlightBytes;
    }

    /** Time for which bytes that were sent may stay unacknowledged, milliseconds; see {@link ListenerConfig#unacknowledgedTimeoutMs}. */
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

    ConnectionBounds bounds() {
        return new ConnectionBounds(
                maxFrameBytes,
                new Preamble("", Set.of()),
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

        private long connectTimeoutMs = Duration.ofSeconds(10).toMillis();
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

        private Builder() {}

        /** Time in which a connection must be open, milliseconds, positive; default 10 seconds. */
        public Builder connectTimeoutMs(long timeoutMs) {
            connectTimeoutMs = timeoutMs;
            return this;
        }

        /** Largest frame that may come, in bytes, inclusive; default 100 MiB. */
        public Builder maxFrameBytes(int bytes) {
            maxFrameBytes = bytes;
            return this;
        }

        /** Frames of one connection whose exchange is open at which reading from it stops; default 64. */
        public Builder maxInFlightPerConnection(int frames) {
            maxInFlightPerConnection = frames;
            return this;
        }

        /** Bytes of one connection's frames whose exchange is open at which reading from it stops; default 64 MiB. */
        public Builder maxInFlightBytesPerConnection(long bytes) {
            maxInFlightBytesPerConnection = bytes;
            return this;
        }

        /** Frames of all connections whose exchange is open at which reading stops everywhere; default no limit. */
        public Builder maxInFlight(int frames) {
            maxInFlight = frames;
            return this;
        }

        /** Bytes of all connections' frames whose exchange is open at which reading stops everywhere; default 256 MiB. */
        public Builder maxInFlightBytes(long bytes) {
            maxInFlightBytes = bytes;
            return this;
        }

        /** Bytes of one connection that wait to be sent at which sending is refused; default 1 MiB. */
        public Builder maxUnsentBytes(int bytes) {
            maxUnsentBytes = bytes;
            return this;
        }

        /** Time without traffic after which a connection is closed, milliseconds, 0 for never; default 10 minutes. */
        public Builder idleTimeoutMs(long timeoutMs) {
            idleTimeoutMs = timeoutMs;
            return this;
        }

        /** Time in which more of a begun frame of more than 64 KiB must come, milliseconds; default 30 seconds. */
        public Builder stallTimeoutMs(long timeoutMs) {
            stallTimeoutMs = timeoutMs;
            return this;
        }

        /** Time for which bytes that were sent may stay unacknowledged, milliseconds; default 0, the system's. */
        public Builder unacknowledgedTimeoutMs(long timeoutMs) {
            unacknowledgedTimeoutMs = timeoutMs;
            return this;
        }

        /** Send buffer of a socket in bytes; default -1, the system's. */
        public Builder sendBufferBytes(int bytes) {
            sendBufferBytes = bytes;
            return this;
        }

        /** Receive buffer of a socket in bytes; default -1, the system's. */
        public Builder receiveBufferBytes(int bytes) {
            receiveBufferBytes = bytes;
            return this;
        }

        /** How connections are secured; default plaintext. */
        public Builder tls(TlsConfig config) {
            tls = Optional.of(config);
            return this;
        }

        public ConnectorConfig build() {
            return new ConnectorConfig(this);
        }
    }
}
