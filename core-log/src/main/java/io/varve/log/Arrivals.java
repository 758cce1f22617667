// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Where readers wait for what they have not seen yet. An append that nobody waits for pays one volatile read.
 *
 * <p>Threading: safe.
 */
final class Arrivals {

    private volatile int waiting;

    /** Wakes those who wait; called after what they wait for has become visible by a volatile store. */
    void signal() {
        if (waiting > 0) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    /** Waits until the condition holds; whether it does. */
    synchronized boolean await(BooleanSupplier condition, long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        waiting++;
        try {
            while (!condition.getAsBoolean()) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
            return true;
        } finally {
            waiting--;
        }
    }
}
