// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The brokers that are registered, and those that are to be emptied, registered or not.
 *
 * <p>Threading: immutable.
 */
final class BrokerStates {

    private final SortedMap<Integer, BrokerState> registered;
    private final Set<Integer> draining;

    private BrokerStates(SortedMap<Integer, BrokerState> registered, Set<Integer> draining) {
        this.registered = Collections.unmodifiableSortedMap(registered);
        this.draining = Set.copyOf(draining);
    }

    /** The brokers of an image, none draining. */
    static BrokerStates of(ClusterImage image) {
        SortedMap<Integer, BrokerState> states = new TreeMap<>();
        for (BrokerImage broker : image.brokers()) {
            Standing standing = broker.isShuttingDown() ? Standing.SHUTTING_DOWN : Standing.ACTIVE;
            states.put(broker.id(), new BrokerState(broker.id(), broker.epoch(), broker.rack(), standing));
        }
        return new BrokerStates(states, Set.of());
    }

    /** These with one more, or another state of one. */
    BrokerStates with(BrokerState state) {
        SortedMap<Integer, BrokerState> states = new TreeMap<>(registered);
        states.put(state.id(), state);
        return new BrokerStates(states, draining);
    }

    /** These without one. */
    BrokerStates without(int id) {
        SortedMap<Integer, BrokerState> states = new TreeMap<>(registered);
        states.remove(id);
        return new BrokerStates(states, draining);
    }

    /** These with one in another standing; as they are when it is not registered. */
    BrokerStates with(int id, Standing standing) {
        BrokerState state = registered.get(id);
        return state == null ? this : with(new BrokerState(id, state.epoch(), state.rack(), standing));
    }

    /** These with one more to be emptied. */
    BrokerStates withDraining(int id) {
        Set<Integer> more = new HashSet<>(draining);
        more.add(id);
        return new BrokerStates(registered, more);
    }

    /** The registered ones, by their numbers. */
    Collection<BrokerState> registered() {
        return registered.values();
    }

    /** A registered broker, null when there is none of this number. */
    @Nullable
    BrokerState find(int id) {
        return registered.get(id);
    }

    boolean isRegistered(int id) {
        return registered.containsKey(id);
    }

    /** Whether it may begin to lead, and join those in sync. */
    boolean isActive(int id) {
        BrokerState state = registered.get(id);
        return state != null && state.standing() == Standing.ACTIVE;
    }

    /** Whether it may stay leader, and in sync. */
    boolean isPresent(int id) {
        BrokerState state = registered.get(id);
        return state != null && state.standing() != Standing.FENCED;
    }

    /** Whether it is to be emptied. */
    boolean isDraining(int id) {
        return draining.contains(id);
    }

    /** Those to be emptied. */
    Set<Integer> draining() {
        return draining;
    }

    /** Whether it may be given replicas by a decision of ours. */
    boolean mayTake(int id) {
        return isActive(id) && !isDraining(id);
    }
}
