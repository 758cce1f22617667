// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.util.List;

/**
 * What all brokers of a {@link Cluster} have in common.
 *
 * <p>Threading: immutable.
 *
 * @param voters the brokers that it began with: all others are told of them, and they hold its state unless there is an ensemble
 * @param ensemble the connect string of the servers of ZooKeeper's protocol that hold its state; empty: the brokers do
 */
public record ClusterLayout(List<BrokerPlace> voters, String ensemble) {

    /** Copies the list. */
    public ClusterLayout {
        voters = List.copyOf(voters);
    }

    /** Whether this broker holds state of the cluster itself. */
    boolean isVoter(BrokerPlace broker) {
        return ensemble.isEmpty() && voters.contains(broker);
    }
}
