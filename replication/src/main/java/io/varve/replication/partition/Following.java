// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.nio.ByteBuffer;

/**
 * A replica that follows a leader in one epoch: it fetches, appends or cuts, and fetches again, which tells the leader that it holds what it
 * has got. One fetch is under way at a time; an answer to an earlier one is not looked at. A fetch that is refused or fails is repeated soon,
 * and later and later each time: most often the leader hears a moment later what this broker has heard already, while what producers wait for
 * stands still.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class Following {

    /** After so many fetches that are not served it waits as long as for an answer; after each one before that half as long as after the next. */
    private static final int REFUSALS = 6;

    private final ReplicaState state;
    private final int leader;
    private final int epoch;
    private int fetchNumber;

    /** The registration that the last fetch was sent under. */
    private long fetchedAs;

    private boolean awaiting;

    /** How many fetches have not been served since one was. */
    private int refusals;

    private long nextFetchNs = Long.MIN_VALUE;

    Following(ReplicaState state, PartitionState told, int fetchNumber) {
        this.state = state;
        this.leader = told.leader();
        this.epoch = told.leaderEpoch();
        this.fetchNumber = fetchNumber;
        state.truncateTo(state.rules.keptWhenFollowing(state.log, state.highWatermark()));
    }

    int epoch() {
        return epoch;
    }

    /** The number of its last fetch; whoever follows next goes on from it, so that a late answer is known for one. */
    int fetchNumber() {
        return fetchNumber;
    }

    void answered(FetchAnswer answer, ByteBuffer batches) {
        boolean expected = awaiting && answer.number() == fetchNumber && answer.brokerEpoch() == fetchedAs;
        if (!expected) {
            return;
        }
        boolean served = answer.status() == FetchStatus.OK
                || answer.status() == FetchStatus.DIVERGING
                || answer.status() == FetchStatus.OFFSET_OUT_OF_RANGE;
        if (served && state.rules.isSameEpoch(answer.leaderEpoch(), epoch)) {
            awaiting = false;
            // Whatever the log throws now, it is not tried again at once.
            nextFetchNs = state.nowNs() + state.config.retryNs();
            take(answer, batches);
            nextFetchNs = Long.MIN_VALUE;
            refusals = 0;
        } else {
            refused();
        }
    }

    private void refused() {
        awaiting = false;
        nextFetchNs = state.nowNs() + (state.config.retryNs() >> Math.max(0, REFUSALS - refusals));
        refusals++;
    }

    private void take(FetchAnswer answer, ByteBuffer batches) {
        EpochEnd diverging = answer.diverging();
        if (answer.status() == FetchStatus.OK) {
            if (batches.hasRemaining()) {
                state.log.appendFetched(batches);
            }
            state.advanceTo(Math.min(answer.highWatermark(), state.log.endOffset()));
            state.log.deleteBefore(Math.min(answer.startOffset(), state.highWatermark()));
        } else if (diverging != null) {
            state.truncateTo(Math.max(truncationPoint(diverging), state.log.startOffset()));
        } else {
            state.resetTo(answer.startOffset());
        }
    }

    /**
     * Where to cut. Each round drops an epoch that the leader has not got, or the end of one that ends earlier there, and no record that
     * both have. Source: KIP-101, KIP-279.
     */
    private long truncationPoint(EpochEnd leaders) {
        if (leaders.epoch() == EpochEnd.NONE) {
            return leaders.endOffset();
        }
        return Math.min(leaders.endOffset(), state.log.endOf(leaders.epoch()).endOffset());
    }

    void failed(int number) {
        if (awaiting && number == fetchNumber) {
            refused();
        }
    }

    /** Fetches when it is time to. A fetch says that what was fetched is held, so it waits for the force where that is needed. */
    void settle() {
        boolean due = state.nowNs() >= nextFetchNs;
        if (!due || state.brokerEpoch() == ReplicaState.NOT_REGISTERED || state.heldOffset() < state.log.endOffset()) {
            return;
        }
        // What is sent again keeps its number: nothing has changed here, and an answer on its way is still one to it.
        boolean repeats = awaiting && fetchedAs == state.brokerEpoch();
        if (!repeats) {
            fetchNumber++;
            fetchedAs = state.brokerEpoch();
            awaiting = true;
        }
        nextFetchNs = state.nowNs() + state.config.retryNs();
        ReplicaFetch fetch = new ReplicaFetch(
                fetchNumber, state.self(), fetchedAs, epoch, state.log.endOffset(), state.log.lastEpoch());
        state.act(new PartitionAction.Fetch(leader, fetch));
    }

    long nextDeadlineNs() {
        boolean waits =
                state.brokerEpoch() == ReplicaState.NOT_REGISTERED || state.heldOffset() < state.log.endOffset();
        return waits ? Long.MAX_VALUE : nextFetchNs;
    }
}
