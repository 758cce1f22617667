// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import io.varve.replication.partition.PartitionAction.CommitFailed;
import io.varve.replication.partition.PartitionAction.Committed;
import io.varve.replication.partition.PartitionAction.Refusal;
import java.util.Comparator;
import java.util.TreeSet;

/**
 * Who waits for records to be committed. How many there are is bounded by the owner, which bounds the requests.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class Waiters {

    private record Waiter(long token, long endOffset, long deadlineNs, long number) {}

    private final ReplicaState state;
    private final TreeSet<Waiter> byOffset =
            new TreeSet<>(Comparator.comparingLong(Waiter::endOffset).thenComparingLong(Waiter::number));
    private final TreeSet<Waiter> byDeadline =
            new TreeSet<>(Comparator.comparingLong(Waiter::deadlineNs).thenComparingLong(Waiter::number));
    private long added;

    Waiters(ReplicaState state) {
        this.state = state;
    }

    void add(long token, long endOffset, long deadlineNs) {
        Waiter waiter = new Waiter(token, endOffset, deadlineNs, added++);
        byOffset.add(waiter);
        byDeadline.add(waiter);
    }

    /** Tells those whose records are committed, in the order of their records, then those whose time is over. */
    void settle() {
        while (!byOffset.isEmpty() && byOffset.first().endOffset() <= state.highWatermark()) {
            Waiter waiter = byOffset.first();
            remove(waiter);
            state.act(new Committed(waiter.token()));
        }
        while (!byDeadline.isEmpty() && byDeadline.first().deadlineNs() <= state.nowNs()) {
            fail(byDeadline.first(), Refusal.TIMED_OUT);
        }
    }

    void failAll() {
        while (!byOffset.isEmpty()) {
            fail(byOffset.first(), Refusal.NOT_LEADER);
        }
    }

    private void fail(Waiter waiter, Refusal refusal) {
        remove(waiter);
        state.act(new CommitFailed(waiter.token(), refusal));
    }

    private void remove(Waiter waiter) {
        byOffset.remove(waiter);
        byDeadline.remove(waiter);
    }

    long nextDeadlineNs() {
        return byDeadline.isEmpty() ? Long.MAX_VALUE : byDeadline.first().deadlineNs();
    }
}
