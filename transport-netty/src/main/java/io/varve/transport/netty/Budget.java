// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The frames, and their bytes, that all connections of a listener may hold together. A connection that finds it used up waits its turn.
 *
 * <p>What is taken is always a whole frame, even when only its beginning has come: so a frame that was begun can be finished, and
 * connections never wait for each other in a circle. The last frame may go over the limit of bytes; otherwise one that is larger than
 * the limit could never be read.
 *
 * <p>Threading: safe.
 */
final class Budget {

    private final int limitFrames;
    private final long limitBytes;
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

    @GuardedBy("this")
    private int usedFrames;

    @GuardedBy("this")
    private long usedBytes;

    Budget(int limitFrames, long limitBytes) {
        this.limitFrames = limitFrames;
        this.limitBytes = limitBytes;
    }

    /** Whether another frame may be read. */
    synchronized boolean hasRoom() {
        return usedBytes < limitBytes && usedFrames < limitFrames;
    }

    /** Takes a frame, unless there is no room. */
    synchronized boolean tryTake(int frameBytes) {
        boolean takes = hasRoom();
        if (takes) {
            usedFrames++;
            usedBytes += frameBytes;
        }
        return takes;
    }

    /** Gives a frame back and lets those that wait try again. */
    void giveBack(int frameBytes) {
        synchronized (this) {
            usedFrames--;
            usedBytes -= frameBytes;
        }
        while (!waiting.isEmpty() && hasRoom()) {
            Runnable next = waiting.poll();
            if (next != null) {
                next.run();
            }
        }
    }

    /** Calls {@code retry} when there may be room. */
    void await(Runnable retry) {
        waiting.add(retry);
        if (hasRoom() && waiting.remove(retry)) {
            retry.run();
        }
    }

    /** Takes back an {@link #await}. */
    void forget(Runnable retry) {
        waiting.remove(retry);
    }

    synchronized long usedBytes() {
        return usedBytes;
    }
}
