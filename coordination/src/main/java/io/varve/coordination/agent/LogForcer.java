// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import java.util.concurrent.Semaphore;

/**
 * The thread that waits for the disk, so that the member's does not: entries that come while it forces are forced together by the next
 * time.
 *
 * <p>Threading: safe.
 */
final class LogForcer {

    private final Semaphore asked = new Semaphore(0);
    private final Thread thread;
    private volatile boolean closed;

    /**
     * Starts the thread.
     *
     * @param force makes durable what was appended; runs on the thread
     * @param onFailed is given what it throws; nothing is forced after it
     */
    LogForcer(String name, Runnable force, java.util.function.Consumer<Throwable> onFailed) {
        this.thread = new Thread(
                () -> {
                    try {
                        run(force);
                    } catch (RuntimeException | Error failure) { // handed on, to stop the member
                        onFailed.accept(failure);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    private void run(Runnable force) {
        while (true) {
            asked.acquireUninterruptibly();
            asked.drainPermits();
            // Looked at only now: the permit of a close that comes before is drained, and that of one that comes later
            // is there.
            if (closed) {
                return;
            }
            force.run();
        }
    }

    /** Asks for a force that includes all that was appended before the call. */
    void ask() {
        asked.release();
    }

    /** Ends the thread, after the force that it may be at, and waits for it. Idempotent. */
    void close() {
        closed = true;
        asked.release();
        Threads.join(thread);
    }
}
