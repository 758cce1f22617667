// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

/**
 * What is configured for a topic's partitions.
 *
 * <p>Threading: immutable.
 *
 * @param minInSync replicas in sync below which nothing is committed, at least 1; holds for a partition once its state says so
 * @param uncleanElection whether a replica that may lack committed records may lead when no other is left
 * @param leastReplicas replicas that the controller gives a partition which has fewer, as soon as there are brokers for them
 */
record TopicRules(int minInSync, boolean uncleanElection, int leastReplicas) {

    TopicRules {
        if (minInSync < 1) {
            throw new IllegalArgumentException("minInSync must be at least 1: minInSync=" + minInSync);
        }
    }

    /** The rules of a topic that keeps the replicas it was created with. */
    TopicRules(int minInSync, boolean uncleanElection) {
        this(minInSync, uncleanElection, 1);
    }
}
