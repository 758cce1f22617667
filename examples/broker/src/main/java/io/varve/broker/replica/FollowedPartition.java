// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import io.varve.broker.partition.Follower;
import io.varve.kafka.message.FetchRequest.FetchPartition;
import io.varve.replication.partition.ReplicaFetch;
import org.jspecify.annotations.Nullable;

/**
 * A partition that is fetched from one leader: what its follower wants, and what the leader has been told of that.
 *
 * <p>Threading: confined to the owner's lock.
 */
final class FollowedPartition {

    private final PartitionKey key;
    private Follower follower;
    private @Nullable ReplicaFetch wanted;
    private @Nullable ReplicaFetch told;

    FollowedPartition(PartitionKey key, Follower follower) {
        this.key = key;
        this.follower = follower;
    }

    PartitionKey key() {
        return key;
    }

    /** The latest fetch that has not ended; null when there is none. */
    @Nullable
    ReplicaFetch wanted() {
        return wanted;
    }

    void want(ReplicaFetch fetch, Follower by) {
        wanted = fetch;
        follower = by;
    }

    /** What the last request that was sent to the leader for all partitions has asked, or left as it was; null before there is one. */
    @Nullable
    ReplicaFetch told() {
        return told;
    }

    void tell() {
        told = wanted;
    }

    boolean isWanted() {
        return wanted != null;
    }

    /** Whether the leader has been told what is wanted. */
    boolean isTold() {
        return asksAs(told);
    }

    /** Whether the leader has been told of it in another epoch of its own or of the follower's broker. */
    boolean isOfAnotherEpoch() {
        ReplicaFetch now = wanted;
        ReplicaFetch before = told;
        return now != null
                && before != null
                && (now.leaderEpoch() != before.leaderEpoch() || now.brokerEpoch() != before.brokerEpoch());
    }

    /** Whether an answer to a fetch is one to what is wanted now: the number alone may differ. */
    boolean asksAs(@Nullable ReplicaFetch asked) {
        ReplicaFetch now = wanted;
        return now != null
                && asked != null
                && now.offset() == asked.offset()
                && now.lastEpoch() == asked.lastEpoch()
                && now.leaderEpoch() == asked.leaderEpoch()
                && now.brokerEpoch() == asked.brokerEpoch();
    }

    /**
     * The latest fetch, for who knows that there is one.
     *
     * @throws IllegalStateException when there is none
     */
    ReplicaFetch wantedNow() {
        ReplicaFetch now = wanted;
        if (now == null) {
            throw new IllegalStateException("nothing is wanted: partition=" + key);
        }
        return now;
    }

    /** Ends the latest fetch. */
    Delivery end(Delivery.Outcome outcome) {
        Delivery delivery = new Delivery(follower, wantedNow(), outcome);
        wanted = null;
        return delivery;
    }

    /** How a request names it. */
    static FetchPartition position(PartitionKey key, ReplicaFetch fetch, int maxBytes) {
        return new FetchPartition()
                .partition(key.index())
                .currentLeaderEpoch(fetch.leaderEpoch())
                .fetchOffset(fetch.offset())
                .lastFetchedEpoch(fetch.lastEpoch())
                .partitionMaxBytes(maxBytes);
    }
}
