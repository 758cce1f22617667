// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Who leads a partition, in Kafka's order: the leader that there is while it may; the first replica of the assignment that is in sync;
 * the first eligible leader replica (KIP-966); the last known leader when neither kind is left, which counts as unclean and is only
 * for a broker that is there (KAFKA-19522); with {@link Mode#UNCLEAN} any.
 *
 * <p>Threading: immutable.
 *
 * @param leader the broker that leads, {@link ClusterImage#NOBODY} when none may
 * @param isUnclean whether it may lack committed records
 */
record Election(int leader, boolean isUnclean) {

    /** What an election is to bring about. */
    enum Mode {

        /** A leader that has every committed record; the present one when it has. */
        CLEAN,

        /** The first replica of the assignment if it has every committed record, else as before. */
        PREFERRED,

        /** If there is no such leader, any replica. */
        UNCLEAN
    }

    /**
     * @param partition as it shall be but for its leader: the present one
     */
    static Election of(PartitionImage partition, BrokerStates brokers, Mode mode) {
        List<Integer> isr = partition.isr();
        List<Integer> eligible = partition.eligible();
        int preferred = partition.replicas().get(0);
        if (mode == Mode.PREFERRED
                && brokers.isActive(preferred)
                && (isr.contains(preferred) || eligible.contains(preferred))) {
            return new Election(preferred, false);
        }
        int leader = partition.leader();
        if (isr.contains(leader) && brokers.isPresent(leader)) {
            return new Election(leader, false);
        }
        int clean = first(partition, id -> isr.contains(id) && brokers.isActive(id));
        if (clean == ClusterImage.NOBODY) {
            clean = first(partition, id -> eligible.contains(id) && brokers.isActive(id));
        }
        if (clean != ClusterImage.NOBODY) {
            return new Election(clean, false);
        }
        return unclean(partition, brokers, mode);
    }

    private static Election unclean(PartitionImage partition, BrokerStates brokers, Mode mode) {
        int lastKnown = partition.state().successors().lastKnownLeader();
        if (partition.isr().isEmpty()
                && partition.eligible().isEmpty()
                && partition.replicas().contains(lastKnown)
                && brokers.isActive(lastKnown)) {
            return new Election(lastKnown, true);
        }
        int any = mode == Mode.UNCLEAN ? first(partition, brokers::isActive) : ClusterImage.NOBODY;
        return new Election(any, any != ClusterImage.NOBODY);
    }

    private static int first(PartitionImage partition, IntPredicate condition) {
        for (int replica : partition.replicas()) {
            if (condition.test(replica)) {
                return replica;
            }
        }
        return ClusterImage.NOBODY;
    }
}
