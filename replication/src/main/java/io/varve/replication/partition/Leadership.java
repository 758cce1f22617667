// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import io.varve.replication.partition.PartitionAction.Refusal;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A replica that leads in one epoch: it appends, answers fetches, and commits what all that count hold. It knows nothing of the
 * followers but what they say in this epoch, and starts with the high watermark that it had as a follower, which may be behind.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class Leadership {

    private final ReplicaState state;
    private final InSyncReplicas inSync;
    private final Waiters waiters;
    private final Map<Integer, FollowerProgress> followers = new TreeMap<>();
    private final int epoch;
    private final long startOffset;

    Leadership(ReplicaState state, PartitionState told) {
        this.state = state;
        this.inSync = new InSyncReplicas(told, state.rules);
        this.waiters = new Waiters(state);
        this.epoch = told.leaderEpoch();
        this.startOffset = state.log.endOffset();
        follow(told);
    }

    int epoch() {
        return epoch;
    }

    /** Takes a later state in which this replica leads in the same epoch. */
    void told(PartitionState later) {
        inSync.told(later);
        follow(later);
    }

    private void follow(PartitionState told) {
        followers.keySet().retainAll(told.replicas());
        for (int id : told.replicas()) {
            if (id != state.self()) {
                followers.computeIfAbsent(id, absent -> new FollowerProgress(state.nowNs()));
            }
        }
    }

    /**
     * Whether the high watermark is certain not to be below one that was named by a leader before: everything that such a one can have
     * committed was in this log when it began to lead.
     */
    boolean isEstablished() {
        return state.highWatermark() >= startOffset;
    }

    // Producers.

    void append(PartitionEvent.Append append) {
        if (append.awaitsCommit() && !state.rules.enoughInSync(inSync.state())) {
            state.act(new PartitionAction.AppendRefused(append.token(), Refusal.NOT_ENOUGH_REPLICAS));
            return;
        }
        long baseOffset = state.log.append(append.batches(), epoch);
        long endOffset = state.log.endOffset();
        state.act(new PartitionAction.Appended(append.token(), baseOffset, endOffset));
        if (append.awaitsCommit()) {
            waiters.add(append.token(), endOffset, append.deadlineNs());
        }
    }

    void await(PartitionEvent.AwaitCommit await) {
        if (await.endOffset() > state.log.endOffset()) {
            throw new IllegalArgumentException(
                    "not in the log: endOffset=" + await.endOffset() + ", log ends at=" + state.log.endOffset());
        }
        waiters.add(await.token(), await.endOffset(), await.deadlineNs());
    }

    // Followers.

    void fetched(ReplicaFetch fetch) {
        state.act(new PartitionAction.AnswerFetch(fetch, answerTo(fetch)));
    }

    private FetchAnswer answerTo(ReplicaFetch fetch) {
        FetchStatus fenced = fenceOf(fetch.leaderEpoch());
        FollowerProgress follower = followers.get(fetch.replica());
        BrokerPresence known = state.broker(fetch.replica());
        if (fenced != FetchStatus.OK) {
            return answer(fetch, fenced, fetch.offset(), null);
        } else if (follower == null) {
            return answer(fetch, FetchStatus.UNKNOWN_REPLICA, fetch.offset(), null);
        } else if (known != null && fetch.brokerEpoch() < known.epoch()) {
            return answer(fetch, FetchStatus.FENCED_BROKER, fetch.offset(), null);
        }
        FetchStatus status = compareFollower(fetch.offset(), fetch.lastEpoch());
        if (status == FetchStatus.DIVERGING) {
            EpochEnd end = state.rules.endOf(state.log, fetch.lastEpoch());
            return answer(fetch, status, fetch.offset(), end);
        } else if (status == FetchStatus.OK) {
            if (!follower.fetched(fetch, state.log.endOffset(), state.nowNs())) {
                return answer(fetch, FetchStatus.FENCED_BROKER, fetch.offset(), null);
            }
            expand(fetch.replica(), follower);
        }
        return answer(fetch, status, state.log.endOffset(), null);
    }

    private FetchAnswer answer(ReplicaFetch fetch, FetchStatus status, long endOffset, @Nullable EpochEnd diverging) {
        // With what the fetch has said: a follower learns a round earlier what it has helped to commit.
        commit();
        return new FetchAnswer(
                fetch.number(),
                fetch.brokerEpoch(),
                status,
                epoch,
                state.highWatermark(),
                state.log.startOffset(),
                endOffset,
                diverging);
    }

    /** Whether somebody who knows an epoch may be answered. */
    FetchStatus fenceOf(int leaderEpoch) {
        if (state.rules.isSameEpoch(leaderEpoch, epoch)) {
            return FetchStatus.OK;
        }
        return leaderEpoch < epoch ? FetchStatus.FENCED_EPOCH : FetchStatus.UNKNOWN_EPOCH;
    }

    /**
     * Whether this log goes on from the position of a follower, whose records before it would stay. Where this log starts it cannot tell whether they are those
     * that it has deleted, unless it knows their epoch: then the follower drops them too.
     */
    private FetchStatus compareFollower(long offset, int lastEpoch) {
        boolean deleted = offset == state.log.startOffset()
                && lastEpoch != EpochEnd.NONE
                && state.log.endOf(lastEpoch).epoch() != lastEpoch;
        return deleted ? FetchStatus.OFFSET_OUT_OF_RANGE : state.rules.compare(state.log, offset, lastEpoch);
    }

    /** The replica in a rack that a consumer may read from at an offset; {@link ConsumerRead#HERE} when that is this one. */
    int preferredReplica(@Nullable String rack, long offset) {
        BrokerPresence self = state.broker(state.self());
        if (rack == null || (self != null && rack.equals(self.rack()))) {
            return ConsumerRead.HERE;
        }
        int preferred = ConsumerRead.HERE;
        long furthest = offset - 1;
        for (int id : inSync.committed()) {
            FollowerProgress follower = followers.get(id);
            BrokerPresence broker = state.broker(id);
            boolean isThere = broker != null && broker.mayJoin() && rack.equals(broker.rack());
            if (follower != null && isThere && follower.heldOffset() > furthest) {
                preferred = id;
                furthest = follower.heldOffset();
            }
        }
        return preferred;
    }

    // Who is in sync.

    /** Proposes a follower that has caught up. */
    private void expand(int id, FollowerProgress follower) {
        boolean joins = !inSync.counted().contains(id)
                && mayJoin(id, follower)
                && state.rules.hasCaughtUp(follower.heldOffset(), state.highWatermark(), startOffset);
        if (joins && !inSync.mustWithdraw() && inSync.mayPropose(state.nowNs())) {
            SortedSet<Integer> members = new TreeSet<>(inSync.committed());
            members.add(id);
            propose(members);
        }
    }

    private boolean mayJoin(int id, FollowerProgress follower) {
        BrokerPresence broker = state.broker(id);
        return broker != null && broker.mayJoin() && state.rules.isSameBroker(follower.brokerEpoch(), broker);
    }

    /** Proposes to go on without those that are too far behind. */
    private void shrink() {
        boolean must = inSync.mustWithdraw() || isSomebodyLate();
        if (must && inSync.mayPropose(state.nowNs())) {
            SortedSet<Integer> members = new TreeSet<>(inSync.committed());
            members.removeIf(this::isLate);
            propose(members);
        }
    }

    private boolean isSomebodyLate() {
        for (int id : inSync.committed()) {
            if (isLate(id)) {
                return true;
            }
        }
        return false;
    }

    private boolean isLate(int id) {
        return lagDeadlineNs(id) <= state.nowNs();
    }

    private void propose(SortedSet<Integer> members) {
        SortedMap<Integer, Long> isr = new TreeMap<>();
        for (int id : members) {
            FollowerProgress follower = followers.get(id);
            isr.put(id, follower == null ? state.brokerEpoch() : follower.brokerEpoch());
        }
        PartitionState basis = inSync.state();
        IsrProposal proposal = new IsrProposal(state.self(), epoch, basis.partitionEpoch(), isr);
        inSync.propose(proposal, state.nowNs() + state.config.retryNs());
        state.act(new PartitionAction.ProposeIsr(proposal));
    }

    void refused(IsrProposal proposal, PartitionEvent.IsrRefusal refusal) {
        inSync.refused(proposal, refusal, state.nowNs() + state.config.retryNs());
    }

    private long lagDeadlineNs(int id) {
        FollowerProgress follower = followers.get(id);
        return follower == null ? Long.MAX_VALUE : follower.lagDeadlineNs(state.log.endOffset(), state.config.lagNs());
    }

    // What follows from what has happened.

    void settle() {
        IsrProposal again = inSync.resend(state.nowNs(), state.nowNs() + state.config.retryNs());
        if (again != null) {
            state.act(new PartitionAction.ProposeIsr(again));
        }
        shrink();
        commit();
        waiters.settle();
    }

    private void commit() {
        if (!state.rules.enoughInSync(inSync.state())) {
            return;
        }
        long reached = state.heldOffset();
        SortedSet<Integer> counted = inSync.counted();
        for (Map.Entry<Integer, FollowerProgress> entry : followers.entrySet()) {
            FollowerProgress follower = entry.getValue();
            if (counted.contains(entry.getKey()) || isWaitedFor(entry.getKey(), follower)) {
                reached = Math.min(reached, follower.heldOffset());
            }
        }
        state.advanceTo(reached);
    }

    /** Whether the high watermark waits for a follower that is about to join, which otherwise might never catch up under load. */
    private boolean isWaitedFor(int id, FollowerProgress follower) {
        return follower.heldOffset() >= state.highWatermark()
                && state.nowNs() < follower.lagDeadlineNs(Long.MAX_VALUE, state.config.lagNs())
                && mayJoin(id, follower);
    }

    long nextDeadlineNs() {
        long deadline = Math.min(inSync.nextDeadlineNs(), waiters.nextDeadlineNs());
        if (!inSync.isUnderWay()) {
            for (int id : inSync.committed()) {
                deadline = Math.min(deadline, Math.max(lagDeadlineNs(id), inSync.nextSendNs()));
            }
        }
        return deadline;
    }

    /** Tells those who wait that they wait in vain. */
    void end() {
        waiters.failAll();
    }
}
