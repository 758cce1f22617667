// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import java.util.List;

/**
 * Who may lead a partition when no replica in sync can (KIP-966).
 *
 * <p>Threading: immutable.
 *
 * @param eligible the eligible leader replicas: not in sync, but with every committed record, since nothing was committed without them
 * @param lastKnownLeader the broker that led last, {@link ClusterImage#NOBODY} while one leads or when nobody ever did
 */
public record Successors(List<Integer> eligible, int lastKnownLeader) {

    /** Nobody but the replicas in sync. */
    public static final Successors NONE = new Successors(List.of(), ClusterImage.NOBODY);

    public Successors {
        eligible = List.copyOf(eligible);
    }
}
