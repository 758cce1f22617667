// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.SortedSet;

/**
 * The rules on which it hangs that nothing committed is lost, one a method. They stand apart so that a test can break one and see what
 * comes of it.
 *
 * <p>Threading: immutable.
 */
class ReplicaRules {

    /**
     * Whose logs count for the high watermark: those in sync, and those that are or were proposed to be, because the controller may have
     * accepted it by now. Source: KIP-497, "maximal ISR".
     */
    SortedSet<Integer> counted(SortedSet<Integer> committed, SortedSet<Integer> maximal) {
        return maximal;
    }

    /**
     * Who counts after the controller has refused a proposal: as before, since another copy of it may be on its way, and be accepted when
     * what spoke against it is over. Only a later partition epoch makes it void.
     */
    SortedSet<Integer> countedAfterRefusal(SortedSet<Integer> committed, SortedSet<Integer> maximal) {
        return maximal;
    }

    /** Whether the high watermark may move at all, and a producer that wants its records committed may append. Source: KIP-966. */
    boolean enoughInSync(PartitionState state) {
        return state.isr().size() >= state.enoughInSync();
    }

    /** Whether a follower holds all that may be committed: by this leader, or by those before it, which may have known more. */
    boolean hasCaughtUp(long heldOffset, long highWatermark, long epochStartOffset) {
        return heldOffset >= highWatermark && heldOffset >= epochStartOffset;
    }

    /** Whether it is the broker that the controller knows, and not one that has restarted, perhaps empty. Source: KIP-903. */
    boolean isSameBroker(long brokerEpoch, BrokerPresence known) {
        return brokerEpoch == known.epoch();
    }

    /** Whether a fetch or an answer is of this leadership; what is older may tell of a log that was cut since. Source: KIP-320. */
    boolean isSameEpoch(int leaderEpoch, int currentEpoch) {
        return leaderEpoch == currentEpoch;
    }

    /**
     * What a leader says about an epoch: where the latest one ends that is not later. Were it to speak of the one asked for only, two
     * logs that have grown under different leaders would not find back to their last common record. Source: KIP-279.
     */
    EpochEnd endOf(ReplicaLog log, int epoch) {
        return log.endOf(epoch);
    }

    /** Whether a log goes on from a position that somebody has reached in another one. */
    final FetchStatus compare(ReplicaLog log, long offset, int lastEpoch) {
        if (offset < log.startOffset()) {
            return FetchStatus.OFFSET_OUT_OF_RANGE;
        }
        // What was before the start is not here any more to be compared.
        boolean compares = lastEpoch != EpochEnd.NONE && offset > log.startOffset();
        if (compares) {
            EpochEnd end = endOf(log, lastEpoch);
            if (end.epoch() != lastEpoch || offset > end.endOffset()) {
                return FetchStatus.DIVERGING;
            }
        }
        return offset > log.endOffset() ? FetchStatus.OFFSET_OUT_OF_RANGE : FetchStatus.OK;
    }

    /**
     * What a replica keeps that begins to follow, before the leader has said where their logs differ: everything. Its high watermark lags
     * behind the leader's, and what is above may be committed. Source: KIP-101.
     */
    long keptWhenFollowing(ReplicaLog log, long highWatermark) {
        return log.endOffset();
    }
}
