// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

/**
 * What one connection may hold and how long it may take, whichever side has opened it; the configurations say what each means.
 *
 * @param preamble what the peer may begin with instead of a frame
 */
record ConnectionBounds(
        int maxFrameBytes,
        Preamble preamble,
        int maxInFlight,
        long maxInFlightBytes,
        int maxUnsentBytes,
        long idleTimeoutMs,
        long stallTimeoutMs) {}
