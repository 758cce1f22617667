// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

/**
 * What a topic's configuration means for the leadership of its partitions.
 *
 * <p>Threading: immutable.
 *
 * @param minInSync replicas in sync below which nothing is committed, at least 1; holds for a partition once its state says so
 * @param uncleanElection whether a replica that may lack committed records may lead when no other is left
 */
record TopicRules(int minInSync, boolean uncleanElection) {

    TopicRules {
        if (minInSync < 1) {
            throw new IllegalArgumentException("minInSync must be at least 1: minInSync=" + minInSync);
        }
    }
}
