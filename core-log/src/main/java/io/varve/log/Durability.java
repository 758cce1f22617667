// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Up to where a log is durable, and who waits for it.
 *
 * <p>Flushes are taken in turn: who had to wait for its turn mostly finds that the one before has done its work, so any number of
 * threads share few calls of the disk.
 *
 * <p>Threading: safe.
 */
final class Durability {

    private final Object turn = new Object();
    private final LongSupplier endOffset;
    private final Runnable force;

    private volatile long flushedOffset;

    @GuardedBy("this")
    private final PriorityQueue<Waiter> waiters = new PriorityQueue<>(Comparator.comparingLong(Waiter::offset));

    private record Waiter(long offset, CompletableFuture<Long> done) {}

    /**
     * @param endOffset what a flush makes durable
     * @param force makes it durable
     */
    Durability(long flushedOffset, LongSupplier endOffset, Runnable force) {
        this.flushedOffset = flushedOffset;
        this.endOffset = endOffset;
        this.force = force;
    }

    /** First offset that is not durable. */
    long flushedOffset() {
        return flushedOffset;
    }

    /** Makes durable what has been appended by now; returns the first offset that is not. */
    long flush() {
        long wanted = endOffset.getAsLong();
        if (wanted > flushedOffset) {
            synchronized (turn) {
                if (wanted > flushedOffset) {
                    long until = endOffset.getAsLong();
                    force.run();
                    flushedOffset = until;
                }
            }
            complete();
        }
        return flushedOffset;
    }

    /** Runs what replaces appended bytes by others, while no flush is under way. */
    void exclusively(Runnable change) {
        synchronized (turn) {
            change.run();
            flushedOffset = Math.min(flushedOffset, endOffset.getAsLong());
        }
    }

    /** Runs what drops all that was appended, while no flush is under way; the log goes on at {@code offset}. Who waits, waits in vain. */
    void restart(long offset, Runnable change) {
        synchronized (turn) {
            change.run();
            flushedOffset = offset;
        }
        fail(new IllegalStateException("what was appended is gone, the log was started anew: startOffset=" + offset));
    }

    /** Completed by the thread that flushes, as soon as all below {@code offset} is durable. */
    CompletableFuture<Long> whenDurable(long offset) {
        CompletableFuture<Long> done = new CompletableFuture<>();
        synchronized (this) {
            waiters.add(new Waiter(offset, done));
        }
        complete();
        return done;
    }

    /** Waits until all below {@code offset} is durable; whether it is. */
    synchronized boolean await(long offset, long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        while (flushedOffset < offset) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return true;
    }

    private void complete() {
        List<CompletableFuture<Long>> reached = new ArrayList<>();
        long durable = flushedOffset;
        synchronized (this) {
            notifyAll();
            for (Waiter next = waiters.peek(); next != null && next.offset() <= durable; next = waiters.peek()) {
                reached.add(next.done());
                waiters.remove();
            }
        }
        reached.forEach(done -> done.complete(durable));
    }

    /** Tells all who wait that they wait in vain. */
    void fail(RuntimeException reason) {
        List<Waiter> failed;
        synchronized (this) {
            notifyAll();
            failed = List.copyOf(waiters);
            waiters.clear();
        }
        failed.forEach(waiter -> waiter.done().completeExceptionally(reason));
    }
}
