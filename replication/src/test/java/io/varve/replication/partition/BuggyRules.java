// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.SortedSet;

/** Rules of which one is broken. */
final class BuggyRules extends ReplicaRules {

    private final Bug bug;

    BuggyRules(Bug bug) {
        this.bug = bug;
    }

    @Override
    SortedSet<Integer> counted(SortedSet<Integer> committed, SortedSet<Integer> maximal) {
        return bug == Bug.COUNTS_ONLY_WHO_WAS_DECIDED ? committed : super.counted(committed, maximal);
    }

    @Override
    SortedSet<Integer> countedAfterRefusal(SortedSet<Integer> committed, SortedSet<Integer> maximal) {
        return bug == Bug.FORGETS_REFUSED_PROPOSALS ? committed : super.countedAfterRefusal(committed, maximal);
    }

    @Override
    boolean enoughInSync(PartitionState state) {
        return bug == Bug.IGNORES_MIN_IN_SYNC || super.enoughInSync(state);
    }

    @Override
    boolean hasCaughtUp(long heldOffset, long highWatermark, long epochStartOffset) {
        return bug == Bug.EXPANDS_TOO_EARLY || super.hasCaughtUp(heldOffset, highWatermark, epochStartOffset);
    }

    @Override
    boolean isSameBroker(long brokerEpoch, BrokerPresence known) {
        return bug == Bug.IGNORES_BROKER_EPOCHS || super.isSameBroker(brokerEpoch, known);
    }

    @Override
    boolean isSameEpoch(int leaderEpoch, int currentEpoch) {
        return bug == Bug.IGNORES_LEADER_EPOCHS || super.isSameEpoch(leaderEpoch, currentEpoch);
    }

    @Override
    EpochEnd endOf(ReplicaLog log, int epoch) {
        EpochEnd end = super.endOf(log, epoch);
        boolean agrees = bug == Bug.NEVER_DIVERGES || (bug == Bug.KNOWS_ONLY_OWN_EPOCHS && end.epoch() != epoch);
        return agrees ? new EpochEnd(epoch, log.endOffset()) : end;
    }

    @Override
    long keptWhenFollowing(ReplicaLog log, long highWatermark) {
        return bug == Bug.TRUNCATES_TO_HIGH_WATERMARK ? highWatermark : super.keptWhenFollowing(log, highWatermark);
    }
}
