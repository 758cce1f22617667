// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deadlines. What is scheduled must be short: it hands the work to its owner.
 *
 * <p>Threading: safe.
 */
public final class Timer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Timer.class);

    private final ScheduledThreadPoolExecutor executor;

    public Timer() {
        executor = new ScheduledThreadPoolExecutor(1, work -> {
            Thread thread = new Thread(work, "varve-timer");
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** Takes a deadline back. */
    @FunctionalInterface
    public interface Cancel {
        void run();
    }

    /** Runs work once, after a delay. */
    public Cancel schedule(long delayMs, Runnable work) {
        ScheduledFuture<?> scheduled = executor.schedule(() -> guarded(work), delayMs, TimeUnit.MILLISECONDS);
        return () -> scheduled.cancel(false);
    }

    /** Runs work again and again, with a pause between. */
    public Cancel repeat(long pauseMs, Runnable work) {
        ScheduledFuture<?> scheduled =
                executor.scheduleWithFixedDelay(() -> guarded(work), pauseMs, pauseMs, TimeUnit.MILLISECONDS);
        return () -> scheduled.cancel(false);
    }

    private static void guarded(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            LOG.error("Work of the timer failed", e);
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
