// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

/**
 * Says when it is time to try again. After an attempt the next one waits, counted from its beginning, for a time that doubles from attempt
 * to attempt up to a bound. What has lasted longer than the bound begins anew.
 *
 * <p>Threading: confined to the owner's lock.
 */
final class Backoff {

    private final long firstDelayNs;
    private final long largestDelayNs;
    private int attempts;
    private long attemptedNs;
    private boolean hasSucceeded;

    Backoff(long firstDelayNs, long largestDelayNs) {
        this.firstDelayNs = Math.min(firstDelayNs, largestDelayNs);
        this.largestDelayNs = largestDelayNs;
    }

    boolean isDue(long nowNs) {
        return attempts == 0 || nowNs - attemptedNs >= delayNs();
    }

    private long delayNs() {
        long delayNs = firstDelayNs;
        for (int i = 1; i < attempts && delayNs < largestDelayNs; i++) {
            delayNs *= 2;
        }
        return Math.min(delayNs, largestDelayNs);
    }

    void attempt(long nowNs) {
        boolean lasted = hasSucceeded && nowNs - attemptedNs > largestDelayNs;
        attempts = lasted ? 1 : attempts + 1;
        attemptedNs = nowNs;
        hasSucceeded = false;
    }

    void succeeded() {
        hasSucceeded = true;
    }

    /** Begins anew: what was tried is not what will be. */
    void reset() {
        attempts = 0;
        hasSucceeded = false;
    }
}
