// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.data.FetchHandler.Wanted;
import io.varve.broker.partition.Lane;
import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Timer;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.FetchStatuses;
import io.varve.replication.partition.EpochEnd;
import io.varve.replication.partition.FetchAnswer;
import io.varve.replication.partition.FetchStatus;
import io.varve.replication.partition.ReplicaFetch;
import io.varve.replication.partition.ReplicaRole;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A follower's fetch: hands it to each leader's replica on its lane, since it says what the follower holds, reads what they allow, and when
 * there is nothing parks until one of the partitions has grown, the deadline comes, or the follower fetches again. Where consumers read from
 * followers it does not keep one waiting that does not know yet what is committed, or they would see that as late as the follower has
 * waited.
 *
 * <p>States: asking, parked, answered. A wake asks those partitions again that have grown; the deadline, and the follower's next fetch,
 * ask all of them for the last time.
 *
 * <p>Threading: safe; the last lane that is done with its partitions decides what is next.
 */
final class FollowerFetch {

    private enum State {
        ASKING,
        PARKED,
        ANSWERED
    }

    private final FetchCall call;
    private final int replica;
    private final long brokerEpoch;
    private final boolean tellsCommits;
    private final List<Asked> asked = new ArrayList<>();
    private final AtomicReference<State> state = new AtomicReference<>(State.ASKING);
    private final Set<Asked> grown = ConcurrentHashMap.newKeySet();
    private Timer.@Nullable Cancel deadline;
    private volatile boolean expired;
    private boolean waits;

    /** One partition, with what its replica has answered last. */
    private final class Asked implements Runnable {
        private final Wanted wanted;
        private @Nullable FetchAnswer answer;
        private @Nullable RuntimeException failure;

        Asked(Wanted wanted) {
            this.wanted = wanted;
        }

        /** The partition has grown. */
        @Override
        public void run() {
            wake(this);
        }

        private ReplicaFetch fetch() {
            return new ReplicaFetch(
                    0,
                    replica,
                    brokerEpoch,
                    wanted.position().currentLeaderEpoch(),
                    wanted.position().fetchOffset(),
                    wanted.position().lastFetchedEpoch());
        }

        private void ask(Partition partition) {
            try {
                answer = partition.fetch(fetch());
                failure = null;
            } catch (RuntimeException e) {
                failure = e;
            }
        }

        /** Whether there is more than there was when the replica was asked, or it leads no more. Any thread. */
        private boolean hasMore(Partition partition) {
            FetchAnswer last = answer;
            return last != null
                    && (partition.log().endOffset() > last.endOffset()
                            || (tellsCommits && partition.highWatermark() > last.highWatermark())
                            || partition.view().role() != ReplicaRole.LEADER
                            || partition.leaderEpoch() != last.leaderEpoch());
        }
    }

    /**
     * @param tellsCommits whether the follower is told at once what is committed
     */
    FollowerFetch(FetchCall call, int replica, long brokerEpoch, boolean tellsCommits) {
        this.call = call;
        this.replica = replica;
        this.brokerEpoch = brokerEpoch;
        this.tellsCommits = tellsCommits;
        call.wanted().forEach(one -> asked.add(new Asked(one)));
    }

    void start(Timer timer) {
        int maxWaitMs = call.request().maxWaitMs();
        expired = maxWaitMs <= 0 || asked.isEmpty();
        if (!expired) {
            deadline = timer.schedule(maxWaitMs, this::end);
        }
        ask(asked);
    }

    /** Answers with what there is by now. */
    void end() {
        expired = true;
        if (state.compareAndSet(State.PARKED, State.ASKING)) {
            ask(asked);
        }
    }

    private void wake(Asked one) {
        grown.add(one);
        if (state.compareAndSet(State.PARKED, State.ASKING)) {
            askGrown();
        }
    }

    private void askGrown() {
        List<Asked> again = List.copyOf(grown);
        again.forEach(grown::remove);
        ask(again);
    }

    /** Asks replicas, those of a lane together. */
    private void ask(Collection<Asked> some) {
        Map<Lane, List<Asked>> byLane = new HashMap<>();
        for (Asked one : some) {
            Partition partition = one.wanted.partition();
            if (partition != null) {
                byLane.computeIfAbsent(partition.lane(), lane -> new ArrayList<>())
                        .add(one);
            }
        }
        AtomicInteger left = new AtomicInteger(byLane.size() + 1);
        byLane.forEach((lane, ofLane) -> {
            try {
                lane.execute(() -> {
                    for (Asked one : ofLane) {
                        Partition partition = one.wanted.partition();
                        if (partition != null) {
                            one.ask(partition);
                        }
                    }
                    done(left);
                });
            } catch (RejectedExecutionException e) {
                ofLane.forEach(one -> one.failure = e);
                done(left);
            }
        });
        done(left);
    }

    private void done(AtomicInteger left) {
        if (left.decrementAndGet() == 0) {
            decide();
        }
    }

    private void decide() {
        boolean isLast = expired;
        List<FetchResult> results = new ArrayList<>(asked.size());
        long bytes = 0;
        boolean isFinal = false;
        for (Asked one : asked) {
            FetchResult result = result(one, bytes);
            results.add(result);
            bytes += result.sizeBytes();
            isFinal |= result.isFinal() || (tellsCommits && isUntold(result));
        }
        if (isLast || isFinal || bytes >= call.request().minBytes()) {
            state.set(State.ANSWERED);
            stopWaiting();
            call.answer(results);
        } else {
            results.forEach(FetchResult::drop);
            park();
        }
    }

    private boolean isUntold(FetchResult result) {
        FetchSession session = call.session();
        return session != null
                && session.isUntold(result.wanted().key(), result.data().highWatermark());
    }

    private FetchResult result(Asked one, long bytesSoFar) {
        Wanted wanted = one.wanted;
        Partition partition = wanted.partition();
        FetchAnswer answer = one.answer;
        RuntimeException failure = one.failure;
        if (partition == null) {
            return FetchResult.error(wanted, wanted.error());
        } else if (failure != null || answer == null) {
            return FetchResult.error(
                    wanted, ErrorMapping.of(failure == null ? new IllegalStateException("not asked") : failure));
        }
        EpochEnd diverging = answer.diverging();
        if (diverging != null) {
            return FetchResult.diverging(wanted, diverging, answer.highWatermark());
        } else if (answer.status() == FetchStatus.OFFSET_OUT_OF_RANGE) {
            return FetchResult.outOfRange(wanted, answer.highWatermark(), answer.startOffset());
        } else if (answer.status() != FetchStatus.OK) {
            return FetchResult.error(wanted, FetchStatuses.error(answer.status()));
        }
        try {
            return FetchResult.records(
                    wanted,
                    answer.highWatermark(),
                    answer.startOffset(),
                    call.slice(wanted, partition, answer.endOffset(), bytesSoFar));
        } catch (RuntimeException e) {
            return FetchResult.error(wanted, ErrorMapping.of(e));
        }
    }

    /** Registers first and looks again then, so that an append between the asking and the registration is not missed. */
    private void park() {
        if (!waits) {
            waits = true;
            asked.forEach(one -> {
                Partition partition = one.wanted.partition();
                if (partition != null) {
                    partition.addAppendWaiter(one);
                    if (tellsCommits) {
                        partition.addCommitWaiter(one);
                    }
                }
            });
        }
        for (Asked one : asked) {
            Partition partition = one.wanted.partition();
            if (partition != null && one.hasMore(partition)) {
                grown.add(one);
            }
        }
        state.set(State.PARKED);
        if (expired) {
            end();
        } else if (!grown.isEmpty() && state.compareAndSet(State.PARKED, State.ASKING)) {
            askGrown();
        }
    }

    private void stopWaiting() {
        Timer.Cancel pending = deadline;
        if (pending != null) {
            pending.run();
        }
        if (waits) {
            asked.forEach(one -> {
                Partition partition = one.wanted.partition();
                if (partition != null) {
                    partition.removeWaiter(one);
                }
            });
        }
    }
}
