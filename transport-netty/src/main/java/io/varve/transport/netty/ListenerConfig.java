// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;

/**
 * How a listener and the connections that it accepts behave.
 *
 * <p>Threading: immutable.
 */
public final class ListenerConfig extends ConnectionConfig {

    private final String host;
    private final int port;
    private final int maxConnections;
    private final int maxConnectionsPerIp;
    private final long drainTimeoutMs;
    private final int backlog;
    private final Preamble preamble;

    private ListenerConfig(Builder builder) {
        super(builder);
        this.host = builder.host;
        this.port = builder.port;
        this.maxConnections = builder.maxConnections;
        this.maxConnectionsPerIp = builder.maxConnectionsPerIp;
        this.drainTimeoutMs = builder.drainTimeoutMs;
        this.backlog = builder.backlog;
        this.preamble = new Preamble(builder.maxFrameBytesKey, builder.words);
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

    /** Most connections at a time; more are closed as they come. */
    public int maxConnections() {
        return maxConnections;
    }

    /** Most connections at a time from one address. */
    public int maxConnectionsPerIp() {
        return maxConnectionsPerIp;
    }

    /** Time that answers have to be given and sent when the listener closes, milliseconds. */
    public long drainTimeoutMs() {
        return drainTimeoutMs;
    }

    /** Connections that wait to be accepted. */
    public int backlog() {
        return backlog;
    }

    /** Words of four bytes that a peer may begin with instead of a frame. */
    public Set<String> words() {
        return preamble.words();
    }

    /** A builder for a listener at another address with the same limits. */
    Builder at(InetSocketAddress address) {
        Builder builder = new Builder(
                address.isUnresolved() || !address.getAddress().isAnyLocalAddress() ? address.getHostString() : "",
                address.getPort());
        builder.like(this);
        builder.maxFrameBytesKey = preamble.key();
        builder.maxConnections = maxConnections;
        builder.maxConnectionsPerIp = maxConnectionsPerIp;
        builder.drainTimeoutMs = drainTimeoutMs;
        builder.backlog = backlog;
        builder.words = preamble.words();
        return builder;
    }

    @Override
    Preamble preamble() {
        return preamble;
    }

    /**
     * Collects values.
     *
     * <p>Threading: confined to one thread.
     */
    public static final class Builder extends ConnectionConfig.Builder<Builder> {

        private final String host;
        private final int port;
        private int maxConnections = Integer.MAX_VALUE;
        private int maxConnectionsPerIp = Integer.MAX_VALUE;
        private long drainTimeoutMs = Duration.ofSeconds(3).toMillis();
        private int backlog = 50;
        private String maxFrameBytesKey = "";
        private Set<String> words = Set.of();

        private Builder(String host, int port) {
            this.host = host;
            this.port = port;
        }

        @Override
        Builder self() {
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

        public Builder drainTimeoutMs(long timeoutMs) {
            drainTimeoutMs = timeoutMs;
            return this;
        }

        public Builder backlog(int connections) {
            backlog = connections;
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

        /**
         * Builds what was collected.
         *
         * @throws IllegalArgumentException when a word is not four characters of ASCII, or could be the length of a frame
         */
        public ListenerConfig build() {
            ListenerConfig config = new ListenerConfig(this);
            for (String word : words) {
                boolean isWord = word.length() == 4 && word.chars().allMatch(c -> c > ' ' && c < 0x7f);
                if (!isWord || Preamble.length(word) <= config.maxFrameBytes()) {
                    throw new IllegalArgumentException("not a word, or the length of a frame: word=" + word
                            + ", maxFrameBytes=" + config.maxFrameBytes());
                }
            }
            return config;
        }
    }
}
