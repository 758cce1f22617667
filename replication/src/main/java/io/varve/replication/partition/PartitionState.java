// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What the controller has decided about a partition. Of two states the one with the larger partition epoch is the later one.
 *
 * <p>The replicas that are eligible to lead though they are not in sync (KIP-966) are the controller's alone and do not stand here.
 *
 * <p>Threading: immutable.
 *
 * @param replicas ids of the brokers that have a replica, the preferred leader first
 * @param isr ids of those in sync, the leader included
 * @param leader id of the leader; {@link #NO_LEADER} when nobody may lead
 * @param leaderBrokerEpoch the registration under which the leader was elected: a broker that has restarted since does not lead in this
 *     epoch, in which it may have appended what it has lost
 * @param leaderEpoch increases with every leadership; 0 for the first
 * @param partitionEpoch increases with every change of this state
 * @param minInSync the topic's {@code min.insync.replicas}; a change must not be told before the controller has cleared the eligible
 *     replicas that it computed with another one
 */
public record PartitionState(
        List<Integer> replicas,
        SortedSet<Integer> isr,
        int leader,
        long leaderBrokerEpoch,
        int leaderEpoch,
        int partitionEpoch,
        int minInSync) {

    /** Stands for the leader when there is none. */
    public static final int NO_LEADER = -1;

    /**
     * Copies the collections.
     *
     * @param replicas as in the record
     * @param isr as in the record
     * @param leader as in the record
     * @param leaderBrokerEpoch as in the record
     * @param leaderEpoch as in the record
     * @param partitionEpoch as in the record
     * @param minInSync as in the record
     * @throws IllegalArgumentException when the leader is not in sync, somebody in sync has no replica, or {@code minInSync} is less
     *     than 1
     */
    public PartitionState {
        replicas = List.copyOf(replicas);
        isr = Collections.unmodifiableSortedSet(new TreeSet<>(isr));
        if (leader != NO_LEADER && !isr.contains(leader)) {
            throw new IllegalArgumentException("the leader is not in sync: leader=" + leader + ", isr=" + isr);
        }
        if (!replicas.containsAll(isr)) {
            throw new IllegalArgumentException("in sync without a replica: isr=" + isr + ", replicas=" + replicas);
        }
        if (minInSync < 1) {
            throw new IllegalArgumentException("out of range: minInSync=" + minInSync + ", smallest=1");
        }
    }

    /** {@return how many must be in sync for a record to be committed; not more than there are replicas} */
    public int enoughInSync() {
        return Math.min(minInSync, replicas.size());
    }
}
