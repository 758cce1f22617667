// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that owns a set of partitions. What waits is bounded by the requests in flight, which the listener bounds.
 *
 * <p>Threading: safe.
 */
public final class Lane implements Executor, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    private final BlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile boolean closed;

    Lane(int number) {
        this.thread = new Thread(this::run, "varve-lane-" + number);
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        while (!closed || !queue.isEmpty()) {
            try {
                queue.take().run();
            } catch (InterruptedException e) {
                throw new IllegalStateException("nobody interrupts a lane", e);
            } catch (RuntimeException | StackOverflowError e) {
                LOG.error("Work on a lane failed: lane={}", thread.getName(), e);
            }
        }
    }

    /** Runs work after all that was handed over before. */
    @Override
    public void execute(Runnable work) {
        if (closed) {
            throw new RejectedExecutionException("the lane is closed: lane=" + thread.getName());
        }
        queue.add(work);
    }

    /** Whether the caller is this lane. */
    public boolean isOwner() {
        return Thread.currentThread() == thread;
    }

    /** Finishes what was handed over and ends the thread. */
    @Override
    public void close() {
        closed = true;
        queue.add(() -> {});
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
