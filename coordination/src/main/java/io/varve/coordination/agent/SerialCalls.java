// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Calls to listeners, one at a time and in the order in which they were added, made without holding any lock: a listener may call back
 * into what called it, from whatever thread.
 *
 * <p>Threading: safe.
 */
final class SerialCalls {

    private final Queue<Runnable> calls = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();

    /** Adds a call; the order of calls is that of the lock under which they are added. */
    void add(Runnable call) {
        calls.add(call);
    }

    /**
     * Makes the calls that wait, unless another thread (or this one, further up) is at it and will. Never called under a lock. What a
     * call throws comes out of here after the calls behind it were made.
     */
    void run() {
        if (waiting.getAndIncrement() != 0) {
            return;
        }
        RuntimeException failure = null;
        int seen = 1;
        while (seen != 0) {
            for (Runnable call = calls.poll(); call != null; call = calls.poll()) {
                try {
                    call.run();
                } catch (RuntimeException e) {
                    if (failure == null) {
                        failure = e;
                    } else {
                        failure.addSuppressed(e);
                    }
                }
            }
            seen = waiting.addAndGet(-seen);
        }
        if (failure != null) {
            throw failure;
        }
    }
}
