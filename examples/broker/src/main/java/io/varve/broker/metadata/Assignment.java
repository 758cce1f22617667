// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import java.util.List;

/**
 * Which brokers have a replica of a partition, and which of them only for the time of a reassignment (KIP-455).
 *
 * <p>While one is under way {@code replicas} are those that shall be, in their order, and behind them those that shall go.
 *
 * <p>Threading: immutable.
 *
 * @param replicas the brokers that have a replica, the preferred leader first
 * @param adding those of them that had none before the reassignment
 * @param removing those of them that shall have none after it
 */
public record Assignment(List<Integer> replicas, List<Integer> adding, List<Integer> removing) {

    public Assignment {
        replicas = List.copyOf(replicas);
        adding = List.copyOf(adding);
        removing = List.copyOf(removing);
    }

    /** Replicas that stay where they are. */
    public static Assignment of(List<Integer> replicas) {
        return new Assignment(replicas, List.of(), List.of());
    }

    /** Whether a reassignment is under way. */
    public boolean isReassigning() {
        return !adding.isEmpty() || !removing.isEmpty();
    }

    /** The replicas that shall be once no reassignment is under way. */
    public List<Integer> target() {
        return without(removing);
    }

    /** The replicas that there would be without the reassignment. */
    public List<Integer> original() {
        return without(adding);
    }

    private List<Integer> without(List<Integer> some) {
        return replicas.stream().filter(replica -> !some.contains(replica)).toList();
    }
}
