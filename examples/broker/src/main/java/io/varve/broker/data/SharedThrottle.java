// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.log.job.Throttle;
import java.util.function.LongSupplier;

/**
 * A throttle for all threads, whose rate may change.
 *
 * <p>Threading: safe.
 */
final class SharedThrottle {

    private final LongSupplier clock;

    @GuardedBy("this")
    private Throttle throttle;

    /**
     * A throttle with one second's worth saved.
     *
     * @param clock milliseconds, of which only differences matter
     */
    SharedThrottle(long bytesPerSecond, LongSupplier clock) {
        this.clock = clock;
        this.throttle = new Throttle(bytesPerSecond, clock.getAsLong());
    }

    /** Sets another rate. */
    synchronized void rate(long bytesPerSecond) {
        throttle = new Throttle(bytesPerSecond, clock.getAsLong());
    }

    /** Bytes that may be handed out now, 0 when it must rest. */
    synchronized long availableBytes() {
        return throttle.availableBytes(clock.getAsLong());
    }

    /** Takes note of bytes that are handed out. */
    synchronized void spend(long bytes) {
        throttle.spend(bytes, clock.getAsLong());
    }
}
