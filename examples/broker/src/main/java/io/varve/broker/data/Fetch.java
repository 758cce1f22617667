// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.data.FetchHandler.Wanted;
import io.varve.broker.partition.Lane;
import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Timer;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.FetchStatuses;
import io.varve.replication.partition.ConsumerFetch;
import io.varve.replication.partition.ConsumerRead;
import io.varve.replication.partition.EpochEnd;
import io.varve.replication.partition.FetchStatus;
import io.varve.replication.partition.ReplicaRole;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A consumer's fetch: reads, and when that is less than the client wants to wait for, parks as a waiter on its partitions until one of
 * them has more that is committed or the deadline comes, and reads again.
 *
 * <p>States: reading, parked, answered. Parked goes back to reading on every wake; the deadline makes the next reading the last.
 *
 * <p>Threading: confined to one lane; what wakes it comes from others and only hands it over.
 */
final class Fetch {

    /** From this version on a client knows that not only leaders are read from (KIP-392). */
    private static final short FOLLOWERS_SINCE = 11;

    private final FetchCall call;
    private final AtomicBoolean parked = new AtomicBoolean();
    private final Runnable waiter = this::wake;

    /** Up to where each partition could be read the last time. */
    private final Map<FetchSession.Key, Long> endOffsets = new HashMap<>();

    private @Nullable Lane lane;
    private Timer.@Nullable Cancel deadline;
    private boolean expired;
    private boolean answered;

    Fetch(FetchCall call) {
        this.call = call;
    }

    void start(Lane owner, Timer timer) {
        lane = owner;
        int maxWaitMs = call.request().maxWaitMs();
        expired = maxWaitMs <= 0 || call.wanted().isEmpty();
        if (!expired) {
            deadline = timer.schedule(maxWaitMs, () -> owner.execute(this::expire));
        }
        owner.execute(this::read);
    }

    private void expire() {
        expired = true;
        parked.set(false);
        read();
    }

    /** Called by whoever appends, on their lane. */
    private void wake() {
        Lane owner = lane;
        if (owner != null && parked.compareAndSet(true, false)) {
            owner.execute(this::read);
        }
    }

    private void read() {
        if (answered) {
            return;
        }
        List<FetchResult> results = new ArrayList<>(call.wanted().size());
        long bytes = 0;
        boolean isFinal = false;
        for (Wanted one : call.wanted()) {
            FetchResult result = read(one, bytes);
            results.add(result);
            bytes += result.sizeBytes();
            isFinal |= result.isFinal();
        }
        if (expired || isFinal || bytes >= call.request().minBytes()) {
            answer(results);
        } else {
            results.forEach(FetchResult::drop);
            park();
        }
    }

    /** Registers first and looks again then, so that a commit between the reading and the registration is not missed. */
    private void park() {
        parked.set(true);
        for (Wanted one : call.wanted()) {
            Partition partition = one.partition();
            if (partition != null) {
                partition.addCommitWaiter(waiter);
            }
        }
        for (Wanted one : call.wanted()) {
            Partition partition = one.partition();
            if (partition != null && hasMore(partition, one)) {
                wake();
                return;
            }
        }
    }

    private boolean hasMore(Partition partition, Wanted one) {
        Long seen = endOffsets.get(one.key());
        return seen != null && partition.highWatermark() > seen;
    }

    private FetchResult read(Wanted one, long bytesSoFar) {
        Partition partition = one.partition();
        if (partition == null) {
            return FetchResult.error(one, one.error());
        }
        boolean mayFollow = call.context().version() >= FOLLOWERS_SINCE;
        if (!mayFollow && partition.view().role() != ReplicaRole.LEADER) {
            return FetchResult.error(one, ErrorCode.NOT_LEADER_OR_FOLLOWER);
        }
        try {
            ConsumerRead read = partition.read(consumer(one));
            EpochEnd diverging = read.diverging();
            if (diverging != null) {
                return FetchResult.diverging(one, diverging, partition.highWatermark());
            } else if (read.status() != FetchStatus.OK) {
                return FetchResult.error(one, FetchStatuses.error(read.status()));
            } else if (one.preferredReplica() != ConsumerRead.HERE) {
                return FetchResult.elsewhere(
                        one,
                        one.preferredReplica(),
                        read.highWatermark(),
                        partition.log().startOffset());
            }
            endOffsets.put(one.key(), read.endOffset());
            return FetchResult.records(
                    one,
                    read.highWatermark(),
                    partition.log().startOffset(),
                    call.slice(one, partition, read.endOffset(), bytesSoFar));
        } catch (RuntimeException e) {
            return FetchResult.error(one, ErrorMapping.of(e));
        }
    }

    /** A position as the replica sees it. */
    static ConsumerFetch consumer(Wanted one, @Nullable String rack) {
        return new ConsumerFetch(
                one.position().fetchOffset(),
                one.position().currentLeaderEpoch(),
                one.position().lastFetchedEpoch(),
                rack);
    }

    private static ConsumerFetch consumer(Wanted one) {
        return consumer(one, null);
    }

    private void answer(List<FetchResult> results) {
        answered = true;
        Timer.Cancel pending = deadline;
        if (pending != null) {
            pending.run();
        }
        for (Wanted one : call.wanted()) {
            Partition partition = one.partition();
            if (partition != null) {
                partition.removeWaiter(waiter);
            }
        }
        call.answer(results);
    }
}
