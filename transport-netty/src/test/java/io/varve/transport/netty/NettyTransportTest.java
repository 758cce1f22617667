// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.ResourceLeakDetector;
import io.varve.replication.transport.Transport;
import io.varve.replication.transport.TransportContract;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract over TCP, on each interface to the system that there is. */
@ParameterizedClass
@MethodSource("io.varve.transport.netty.EventLoops#available")
class NettyTransportTest extends TransportContract {

    /** Small, so that a peer that does not read is soon noticed. */
    private static final int SOCKET_BUFFER_BYTES = 64 << 10;

    @Parameter
    EventLoops.Kind kind;

    private EventLoops loops;

    @Override
    protected Transport open() {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        CapturedLog.clear();
        loops = EventLoops.open(kind, 2);
        return NettyTransport.open(
                loops, listenerConfig().build(), connectorConfig().build());
    }

    ListenerConfig.Builder listenerConfig() {
        return ListenerConfig.at("", 0)
                .maxFrameBytes(MAX_FRAME_BYTES)
                .unacknowledgedTimeoutMs(60_000)
                .maxUnsentBytes(MAX_UNSENT_BYTES)
                .maxInFlightPerConnection(MAX_IN_FLIGHT)
                .sendBufferBytes(SOCKET_BUFFER_BYTES)
                .receiveBufferBytes(SOCKET_BUFFER_BYTES);
    }

    ConnectorConfig.Builder connectorConfig() {
        return ConnectorConfig.builder()
                .maxFrameBytes(MAX_FRAME_BYTES)
                .unacknowledgedTimeoutMs(60_000)
                .maxUnsentBytes(MAX_UNSENT_BYTES)
                .maxInFlightPerConnection(MAX_IN_FLIGHT)
                .sendBufferBytes(SOCKET_BUFFER_BYTES)
                .receiveBufferBytes(SOCKET_BUFFER_BYTES);
    }

    @Override
    protected void closed() {
        loops.close();
        Leaks.assertNone();
        assertThat(CapturedLog.linesWith("ERROR")).isEmpty();
    }
}
