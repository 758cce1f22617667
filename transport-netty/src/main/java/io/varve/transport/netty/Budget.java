// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The frames, and their bytes, that all connections of a listener may have open together. A connection that finds it used up waits its turn.
 *
 * <p>Threading: safe.
 */
final class Budget {

    private final int limitFrames;
    private final long limitBytes;
    private final AtomicInteger usedFrames = new AtomicInteger();
    private final AtomicLong usedBytes = new AtomicLong();
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

    Budget(int limitFrames, long limitBytes) {
        this.limitFrames = limitFrames;
        this.limitBytes = limitBytes;
    }

    /** Whether another frame may be read. */
    boolean hasRoom() {
        return usedBytes.get() < limitBytes && usedFrames.get() < limitFrames;
    }

    /** Takes the place of one frame, when there is one; it is given back with the frame, or when none has come. */
    boolean reserve() {
        while (true) {
            int used = usedFrames.get();
            if (used >= limitFrames || usedBytes.get() >= limitBytes) {
                return false;
            }
            if (usedFrames.compareAndSet(used, used + 1)) {
                return true;
            }
        }
    }

    /** Counts the bytes of a frame that has its place; the last one may go over the limit of bytes. */
    void take(long bytes) {
        usedBytes.addAndGet(bytes);
    }

    /** Gives the place and the bytes of a frame back and lets those that wait try again. */
    void giveBack(long bytes) {
        usedBytes.addAndGet(-bytes);
        usedFrames.decrementAndGet();
        while (hasRoom()) {
            Runnable next = waiting.poll();
            if (next == null) {
                return;
            }
            next.run();
        }
    }

    /** Calls {@code retry} when there may be room. */
    void await(Runnable retry) {
        waiting.add(retry);
        if (hasRoom() && waiting.remove(retry)) {
            retry.run();
        }
    }

    long usedBytes() {
        return usedBytes.get();
    }
}
