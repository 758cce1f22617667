// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a command that waits end in its own way at a signal: the signal wakes it up and gives it a moment.
 *
 * <p>Threading: confined to the command's thread; the signal's thread wakes it up.
 */
final class SignalHook {

    private static final int MOMENT_SECONDS = 3;

    private final CountDownLatch finished = new CountDownLatch(1);
    private final Thread hook;

    /** From now on until {@link #finish}, a signal runs {@code wake}, on another thread. */
    SignalHook(Runnable wake) {
        this.hook = new Thread(() -> wakeAndWait(wake), "command-stop");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void wakeAndWait(Runnable wake) {
        wake.run();
        try {
            finished.await(MOMENT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Says that the wait is over: a signal waits no longer for it. */
    void finish() {
        finished.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is stopping already, by the signal that woke the command up.
        }
    }
}
