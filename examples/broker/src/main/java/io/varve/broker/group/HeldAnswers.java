// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.RequestException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;

/**
 * Answers that were worked out from state that may not be committed yet. Each is held back until every batch that had been appended by
 * then is committed, in the order in which they were worked out; so nobody is told what a later leader might not know, not even by a
 * look at the state.
 *
 * <p>Threading: confined to the lane of the partition.
 */
final class HeldAnswers {

    private final long timeoutMs;
    private final Deque<Held<?>> held = new ArrayDeque<>();
    private long committed;

    /** @param timeoutMs how long an answer is held at most */
    HeldAnswers(long timeoutMs) {
        this.timeoutMs = timeoutMs;
    }

    private record Held<T>(CompletableFuture<T> waiter, T answer, long batch, long deadlineMs) {
        void release() {
            waiter.complete(answer);
        }
    }

    /**
     * Gives an answer to whoever waits for it, now or when it may be known.
     *
     * @param batch the last batch that had been appended when the answer was worked out; batches are numbered from 1, 0 is none
     */
    <T> void give(CompletableFuture<T> waiter, T answer, long batch, long nowMs) {
        Held<T> next = new Held<>(waiter, answer, batch, nowMs + timeoutMs);
        if (batch <= committed) {
            next.release();
        } else {
            held.add(next);
        }
    }

    /** This batch is committed, and with it all before it. */
    void committed(long batch) {
        committed = Math.max(committed, batch);
        while (!held.isEmpty() && held.element().batch() <= committed) {
            held.remove().release();
        }
    }

    /** Gives up those who have waited too long; what they asked for may be done nevertheless. */
    void expire(long nowMs, RequestException reason) {
        while (nextDeadlineMs() <= nowMs) {
            held.remove().waiter().completeExceptionally(reason);
        }
    }

    /** Gives up all. */
    void fail(RequestException reason) {
        while (!held.isEmpty()) {
            held.remove().waiter().completeExceptionally(reason);
        }
    }

    /** When {@link #expire} has something to do, {@link Long#MAX_VALUE} for never. */
    long nextDeadlineMs() {
        return held.isEmpty() ? Long.MAX_VALUE : held.element().deadlineMs();
    }
}
