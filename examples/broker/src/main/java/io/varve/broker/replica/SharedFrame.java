// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The memory of one response, from which several followers take their records: it is given back when all are done.
 *
 * <p>Threading: safe.
 */
final class SharedFrame {

    private final AtomicInteger takers;
    private final Runnable onAllDone;

    /**
     * A frame with one taker, its maker.
     *
     * @param onAllDone runs once, on the thread of the last taker
     */
    SharedFrame(Runnable onAllDone) {
        this.takers = new AtomicInteger(1);
        this.onAllDone = onAllDone;
    }

    /** Another taker, who runs the result when it is done; a second run does nothing. To be called by one who is not done. */
    Runnable taker() {
        takers.incrementAndGet();
        AtomicBoolean isDone = new AtomicBoolean();
        return () -> {
            if (isDone.compareAndSet(false, true)) {
                done();
            }
        };
    }

    /** The maker is done. */
    void done() {
        if (takers.decrementAndGet() == 0) {
            onAllDone.run();
        }
    }
}
