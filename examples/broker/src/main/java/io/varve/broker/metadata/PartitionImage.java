// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import java.util.List;

/**
 * A partition.
 *
 * <p>Threading: immutable.
 *
 * @param index its number in the topic
 * @param leader the broker that leads it, -1 when none does
 * @param leaderEpoch increases with every leadership
 * @param replicas the brokers that have a replica, the preferred leader first
 * @param isr those of them that are in sync
 */
public record PartitionImage(int index, int leader, int leaderEpoch, List<Integer> replicas, List<Integer> isr) {

    public PartitionImage {
        replicas = List.copyOf(replicas);
        isr = List.copyOf(isr);
    }
}
