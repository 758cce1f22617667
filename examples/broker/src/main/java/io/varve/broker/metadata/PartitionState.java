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
 * @param minInSync the {@code min.insync.replicas} by which records are committed and successors were found, at least 1: what the
 *     topic's configuration says as soon as the controller has followed it. It stands here so that the two never differ.
 * @param isRecovering whether the leader was elected although it may lack committed records, and has not said yet that it has recovered
 *     (KIP-704)
 */
public record PartitionState(
        int leader, int leaderEpoch, List<Integer> isr, Successors successors, int minInSync, boolean isRecovering) {

    public PartitionState {
        isr = List.copyOf(isr);
        if (minInSync < 1) {
            throw new IllegalArgumentException("minInSync must be at least 1: minInSync=" + minInSync);
        }
    }

    /** The state of a new partition. */
    public static PartitionState first(int leader, List<Integer> isr, int minInSync) {
        return new PartitionState(leader, 0, isr, Successors.NONE, minInSync, false);
    }

    /** As many replicas in sync as a partition of so many replicas needs for commits, and for having no other successors. */
    public int enoughInSync(int replicas) {
        return Math.min(minInSync, replicas);
    }
}
