// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Reads that wait for the leader to be sure that it still leads.
 *
 * <p>An answer to a fetch carries a round, and the next fetch returns it. When a majority has returned a round that was begun after
 * a read came, nobody else can have led at that time, so the high watermark of then covers all that was acknowledged. Clocks
 * play no part. One round serves all reads that came before it was first sent. Source: Raft (dissertation), section 6.4.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class ReadRounds {

    /** A read of another member, or of the own one when {@code from} is null. */
    record Waiting(@Nullable MemberId from, long token, long offset, long round) {}

    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private long round;
    private boolean sent;

    int size() {
        return waiting.size();
    }

    /** A read must see what is before an offset. */
    void add(@Nullable MemberId from, long token, long offset) {
        if (sent || round == 0) {
            round++;
            sent = false;
        }
        waiting.add(new Waiting(from, token, offset, round));
    }

    /** The round for an answer that is being sent. */
    long send() {
        sent = true;
        return round;
    }

    /** Whether a member that has returned a round should be sent another. */
    boolean wants(long returned) {
        return !waiting.isEmpty() && returned < round;
    }

    /** The next read that is certain, or null. */
    @Nullable
    Waiting poll(long reachedByMajority, long highWatermark) {
        Waiting first = waiting.peek();
        boolean certain = first != null && first.round <= reachedByMajority && first.offset <= highWatermark;
        return certain ? waiting.poll() : null;
    }

    /** The next read, certain or not, or null. */
    @Nullable
    Waiting pollAny() {
        return waiting.poll();
    }
}
