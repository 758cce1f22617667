// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.job;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * One thread that steps jobs in turn and rests when none had anything to do.
 *
 * <p>A job that throws is not stepped again; the others go on. The thread is a daemon.
 *
 * <p>Threading: safe.
 */
public final class JobRunner implements AutoCloseable {

    private final List<Job> jobs = new CopyOnWriteArrayList<>();
    private final FailureHandler failureHandler;
    private final long restNanos;
    private final Thread thread;
    private volatile boolean closed;

    private JobRunner(String name, Duration rest, FailureHandler failureHandler) {
        this.failureHandler = failureHandler;
        this.restNanos = rest.toNanos();
        this.thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    /** Told by the runner's thread why a job is not stepped any more. */
    @FunctionalInterface
    public interface FailureHandler {

        /**
         * Must not throw.
         *
         * @param job the job
         * @param failure what it threw
         */
        void onFailure(Job job, RuntimeException failure);
    }

    /**
     * Starts the thread.
     *
     * @param name of the thread
     * @param rest how long the thread pauses when no job had anything to do
     * @param failureHandler told of jobs that failed
     * @return the runner, which is closed to end the thread
     */
    public static JobRunner start(String name, Duration rest, FailureHandler failureHandler) {
        JobRunner runner = new JobRunner(name, rest, failureHandler);
        runner.thread.start();
        return runner;
    }

    /**
     * Steps a job from now on.
     *
     * @param job the job
     * @return this runner
     */
    public JobRunner add(Job job) {
        jobs.add(job);
        return this;
    }

    /**
     * Does not begin another step of a job; one that is under way goes on.
     *
     * @param job the job
     */
    public void remove(Job job) {
        jobs.remove(job);
    }

    /** {@return the jobs that are stepped} */
    public List<Job> jobs() {
        return List.copyOf(jobs);
    }

    private void run() {
        while (!closed) {
            int done = 0;
            for (Job job : jobs) {
                done += step(job);
            }
            if (done == 0) {
                LockSupport.parkNanos(this, restNanos);
            }
        }
    }

    private int step(Job job) {
        if (closed) {
            return 0;
        }
        try {
            return job.doWork();
        } catch (RuntimeException e) {
            jobs.remove(job);
            failureHandler.onFailure(job, e);
            return 0;
        }
    }

    /** Ends the thread and waits for the step that is under way; not when the thread itself closes. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread != Thread.currentThread() && thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
