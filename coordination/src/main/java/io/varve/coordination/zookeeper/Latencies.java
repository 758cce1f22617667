// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * Least, mean and greatest time in milliseconds that requests took; all 0 when there were none.
 *
 * <p>Threading: confined to the member's thread.
 */
final class Latencies {

    private long count;
    private long sumMs;
    private long minMs;
    private long maxMs;

    void record(long latencyMs) {
        minMs = count == 0 ? latencyMs : Math.min(minMs, latencyMs);
        maxMs = Math.max(maxMs, latencyMs);
        sumMs += latencyMs;
        count++;
    }

    void reset() {
        count = 0;
        sumMs = 0;
        minMs = 0;
        maxMs = 0;
    }

    long minMs() {
        return minMs;
    }

    long maxMs() {
        return maxMs;
    }

    /** Whole milliseconds, as ZooKeeper prints it of a connection. */
    long wholeMeanMs() {
        return count == 0 ? 0 : sumMs / count;
    }

    /** Four decimals, as ZooKeeper prints it of a server. */
    double meanMs() {
        return count == 0
                ? 0
                : BigDecimal.valueOf((double) sumMs / count)
                        .setScale(4, RoundingMode.HALF_UP)
                        .doubleValue();
    }
}
