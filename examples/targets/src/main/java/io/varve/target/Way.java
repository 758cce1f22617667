// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

/**
 * One way between two nodes of a {@link Network}.
 *
 * <p>Threading: any thread.
 */
final class Way {

    private boolean isCut;

    synchronized void cut() {
        isCut = true;
    }

    synchronized void heal() {
        isCut = false;
        notifyAll();
    }

    synchronized boolean isCut() {
        return isCut;
    }

    /** Returns once it is not cut. */
    synchronized void await() {
        try {
            while (isCut) {
                wait();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts a relay", e);
        }
    }
}
