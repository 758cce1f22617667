// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a leader asks the controller to make the in-sync replicas (Kafka's AlterPartition).
 *
 * <p>The controller accepts it when leader, leader epoch and partition epoch are as in its own state and everybody who is new among the
 * members is registered under the epoch given here and may join; it checks in this order, so that a refusal for a member's sake is
 * never the answer to a second copy of what was accepted. When it accepts, the partition epoch increases, also when the members are the
 * ones from before: copies that are still on their way are void from then on. Source: KIP-497, KIP-841, KIP-903.
 *
 * <p>Threading: immutable.
 *
 * @param leader id of the leader
 * @param leaderEpoch its epoch
 * @param partitionEpoch the state that the change is based on
 * @param isr the members with the registrations under which the leader has heard from them; negative for one that is in sync already and
 *     was not heard from yet
 */
public record IsrProposal(int leader, int leaderEpoch, int partitionEpoch, SortedMap<Integer, Long> isr) {

    /**
     * Copies the members.
     *
     * @param leader as in the record
     * @param leaderEpoch as in the record
     * @param partitionEpoch as in the record
     * @param isr as in the record
     */
    public IsrProposal {
        isr = Collections.unmodifiableSortedMap(new TreeMap<>(isr));
    }
}
