// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.session;

/**
 * Bounds of the timeout that a client may have.
 *
 * <p>Threading: immutable.
 *
 * @param minMs shortest, milliseconds, inclusive
 * @param maxMs longest, milliseconds, inclusive
 */
public record SessionTimeouts(int minMs, int maxMs) {

    public SessionTimeouts {
        if (minMs < 1 || maxMs < minMs) {
            throw new IllegalArgumentException(
                    "bounds of session timeouts out of order: minMs=" + minMs + ", maxMs=" + maxMs);
        }
    }

    /** ZooKeeper's when nothing else is set: from two to twenty ticks. */
    public static SessionTimeouts ofTick(int tickMs) {
        return new SessionTimeouts(Math.multiplyExact(tickMs, 2), Math.multiplyExact(tickMs, 20));
    }

    /** What a client gets that asks for a timeout, milliseconds. */
    public int negotiate(int askedMs) {
        return Math.min(maxMs, Math.max(minMs, askedMs));
    }
}
