// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The thread that owns a member: it runs what is given to it in its order, then lets the member do what follows from it.
 *
 * <p>The queue has no bound of its own. What fills it is bounded where it comes from: a connection's frames by its listener's budget,
 * which is given back when a frame is answered; the operations of sessions in this process by {@link LocalSession}.
 *
 * <p>Threading: safe.
 */
final class MemberThread {

    /** Tasks between two looks at what follows from them: large enough to gather, small enough to answer soon. */
    private static final int MOST_TASKS = 1_024;

    /** What the member does beside its tasks. */
    interface Duty {
        /** Does what follows from the tasks, and what is due. */
        void doWork();

        /** How long the thread may sleep when no task comes, nanoseconds; 0 or less for not at all. */
        long idleNs();
    }

    private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile boolean ending;
    private volatile boolean ended;

    /**
     * A thread that is not started.
     *
     * @param onFailed is given what the duty or a task throws; the thread ends after it
     */
    MemberThread(String name, Duty duty, Consumer<Throwable> onFailed) {
        this.thread = new Thread(() -> run(duty, onFailed), name);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Runs a task on the thread, in its turn; false when it will not be run because the thread has ended or is about to. */
    boolean execute(Runnable task) {
        if (ending) {
            return false;
        }
        tasks.add(task);
        return !ended || !tasks.remove(task);
    }

    boolean isOwner() {
        return Thread.currentThread() == thread;
    }

    private void run(Duty duty, Consumer<Throwable> onFailed) {
        try {
            while (!ended) {
                runTasks(duty.idleNs());
                duty.doWork();
            }
        } catch (Throwable failure) { // whatever it is, the member cannot go on, and others must be told
            ending = true;
            ended = true;
            onFailed.accept(failure);
        }
        // Who has waited meanwhile is told by the tasks themselves, which find everything closed.
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    private void runTasks(long idleNs) {
        Runnable task = next(idleNs);
        for (int i = 1; task != null && !ended; i++) {
            task.run();
            task = i < MOST_TASKS ? tasks.poll() : null;
        }
    }

    private @Nullable Runnable next(long idleNs) {
        try {
            Runnable task = tasks.poll();
            return task != null || idleNs <= 0 ? task : tasks.poll(idleNs, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts the member's thread", e);
        }
    }

    /** Runs a last task behind all that was given before, ends the thread and waits for it; not to be called on the thread. Idempotent. */
    void close(Runnable last) {
        if (!ending) {
            ending = true;
            tasks.add(() -> {
                last.run();
                ended = true;
            });
        }
        Threads.join(thread);
    }
}
