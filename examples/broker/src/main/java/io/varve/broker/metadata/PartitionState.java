// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import java.util.List;

/**
 * Who leads a partition and who is in sync: what its state node says.
 *
 * <p>Threading: immutable.
 *
 * @param leader the broker that leads, {@link ClusterImage#NOBODY} when none does
 * @param leaderEpoch increases with every leadership
 * @param isr the replicas in sync, the leader among them; empty when none is left
 * @param successors who may lead when none of them can
 * @param isRecovering whether the leader was elected although it may lack committed records, and has not said yet that it has recovered
 *     (KIP-704)
 */
public record PartitionState(
        int leader, int leaderEpoch, List<Integer> isr, Successors successors, boolean isRecovering) {

    public PartitionState {
        isr = List.copyOf(isr);
    }

    /** The state of a new partition. */
    public static PartitionState first(int leader, List<Integer> isr) {
        return new PartitionState(leader, 0, isr, Successors.NONE, false);
    }
}
