// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import java.util.List;

/**
 * A partition.
 *
 * <p>Threading: immutable.
 *
 * @param index its number in the topic
 * @param assignment the brokers that have a replica
 * @param state who leads and who is in sync
 * @param partitionEpoch version of its state node: increases with every change of the state or the assignment
 */
public record PartitionImage(int index, Assignment assignment, PartitionState state, int partitionEpoch) {

    /** A new partition. */
    public static PartitionImage first(int index, List<Integer> replicas, PartitionState state) {
        return new PartitionImage(index, Assignment.of(replicas), state, 0);
    }

    /** The broker that leads it, {@link ClusterImage#NOBODY} when none does. */
    public int leader() {
        return state.leader();
    }

    /** Increases with every leadership. */
    public int leaderEpoch() {
        return state.leaderEpoch();
    }

    /** The brokers that have a replica, the preferred leader first. */
    public List<Integer> replicas() {
        return assignment.replicas();
    }

    /** Those of them that are in sync. */
    public List<Integer> isr() {
        return state.isr();
    }

    /** Those of them that are not, but may lead when no other can. */
    public List<Integer> eligible() {
        return state.successors().eligible();
    }
}
