// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import java.time.Duration;

/**
 * How connections behave that are made from here.
 *
 * <p>Threading: immutable.
 */
public final class ConnectorConfig extends ConnectionConfig {

    private final long connectTimeoutMs;

    private ConnectorConfig(Builder builder) {
        super(builder);
        this.connectTimeoutMs = builder.connectTimeoutMs;
    }

    /** A builder with defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Time in which a connection must be open, from looking up the name to the end of the TLS handshake, milliseconds. */
    public long connectTimeoutMs() {
        return connectTimeoutMs;
    }

    @Override
    Preamble preamble() {
        return Preamble.NONE;
    }

    /**
     * Collects values.
     *
     * <p>Threading: confined to one thread.
     */
    public static final class Builder extends ConnectionConfig.Builder<Builder> {

        private long connectTimeoutMs = Duration.ofSeconds(10).toMillis();

        private Builder() {}

        @Override
        Builder self() {
            return this;
        }

        /** Time in which a connection must be open, milliseconds, positive; default 10 seconds. */
        public Builder connectTimeoutMs(long timeoutMs) {
            connectTimeoutMs = timeoutMs;
            return this;
        }

        public ConnectorConfig build() {
            return new ConnectorConfig(this);
        }
    }
}
