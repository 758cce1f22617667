// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import io.varve.broker.config.ConfigValues;
import io.varve.transport.netty.ConnectorConfig;

/**
 * How leaders are asked.
 *
 * <p>Threading: immutable.
 *
 * @param maxWaitMs for how long a leader may wait for something new, milliseconds
 * @param minBytes bytes of records for which a leader waits
 * @param maxBytes most bytes of records of one response; a first batch that is larger comes nevertheless
 * @param partitionMaxBytes the same of one partition
 * @param backoffMs longest time between two attempts to reach a leader, milliseconds
 */
public record FetchersConfig(int maxWaitMs, int minBytes, int maxBytes, int partitionMaxBytes, int backoffMs) {

    /** The rest of a response: a hundred thousand partitions that all have something new. */
    private static final int RESPONSE_OVERHEAD_BYTES = 16 << 20;

    /** Responses that may be in memory at a time, each as large as configured; more leaders than that wait for each other. */
    private static final long RESPONSES_IN_MEMORY = 8;

    /** One response, and one to an urgent request; besides, the answer to the question for the versions. */
    private static final int FRAMES_PER_CONNECTION = 3;

    /** A leader is asked several times a second, so a path that has broken is noticed soon. */
    private static final long UNACKNOWLEDGED_TIMEOUT_MS = 5_000;

    /** Reads the keys of fetches between brokers. */
    public static FetchersConfig of(ConfigValues values) {
        return new FetchersConfig(
                values.intValue("replica.fetch.wait.max.ms"),
                values.intValue("replica.fetch.min.bytes"),
                values.intValue("replica.fetch.response.max.bytes"),
                values.intValue("replica.fetch.max.bytes"),
                values.intValue("replica.fetch.backoff.ms"));
    }

    /**
     * The connections that the fetchers' transport makes. The largest frame is what a leader answers with the largest batch that a broker
     * configured as this one takes; a link that is idle, or that is not answered, is closed after {@code replica.socket.timeout.ms}.
     */
    public static ConnectorConfig connector(ConfigValues values) {
        int maxBytes = values.intValue("replica.fetch.response.max.bytes");
        int largestBatchBytes = values.intValue("socket.request.max.bytes");
        long maxFrameBytes = (long) Math.max(maxBytes, largestBatchBytes) + RESPONSE_OVERHEAD_BYTES;
        return ConnectorConfig.builder()
                .maxFrameBytes((int) Math.min(Integer.MAX_VALUE, maxFrameBytes))
                .maxInFlightPerConnection(FRAMES_PER_CONNECTION)
                .maxInFlightBytes(RESPONSES_IN_MEMORY * maxBytes)
                .idleTimeoutMs(values.intValue("replica.socket.timeout.ms"))
                .unacknowledgedTimeoutMs(UNACKNOWLEDGED_TIMEOUT_MS)
                .receiveBufferBytes(values.intValue("replica.socket.receive.buffer.bytes"))
                .build();
    }
}
