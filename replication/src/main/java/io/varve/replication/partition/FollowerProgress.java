// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

/**
 * What a leader knows of a follower.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class FollowerProgress {

    /** Nothing was heard from it in this leadership. */
    static final long UNKNOWN = -1;

    private long brokerEpoch = UNKNOWN;
    private long heldOffset = UNKNOWN;
    private long caughtUpNs;
    private long fetchedNs;
    private long endOffsetAtFetch = Long.MAX_VALUE;

    FollowerProgress(long nowNs) {
        this.caughtUpNs = nowNs;
        this.fetchedNs = nowNs;
    }

    /** The registration under which it fetched last. */
    long brokerEpoch() {
        return brokerEpoch;
    }

    /** Below it its log is the leader's; goes back only when its broker has restarted. */
    long heldOffset() {
        return heldOffset;
    }

    /**
     * Notes a fetch that the leader agrees with.
     *
     * @return false when it is from before a restart of the follower's broker, and tells nothing
     */
    boolean fetched(ReplicaFetch fetch, long endOffset, long nowNs) {
        if (fetch.brokerEpoch() < brokerEpoch) {
            return false;
        }
        if (fetch.brokerEpoch() > brokerEpoch) {
            brokerEpoch = fetch.brokerEpoch();
            heldOffset = UNKNOWN;
        }
        heldOffset = Math.max(heldOffset, fetch.offset());
        if (fetch.offset() >= endOffset) {
            caughtUpNs = nowNs;
        } else if (fetch.offset() >= endOffsetAtFetch) {
            // Under load it never reaches the end: that it has now what there was at its last fetch is enough.
            caughtUpNs = Math.max(caughtUpNs, fetchedNs);
        }
        fetchedNs = nowNs;
        endOffsetAtFetch = endOffset;
        return true;
    }

    /** From when on it is too far behind, unless it fetches; {@link Long#MAX_VALUE} when it lacks nothing. */
    long lagDeadlineNs(long endOffset, long lagNs) {
        return heldOffset >= endOffset ? Long.MAX_VALUE : caughtUpNs + lagNs;
    }
}
