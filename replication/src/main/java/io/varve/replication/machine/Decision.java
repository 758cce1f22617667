// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.machine;

import java.util.List;

/**
 * What a {@link StateMachine} decided: events to append, and the reply to release when they are committed.
 *
 * <p>Threading: immutable.
 *
 * @param events the events in the order of their application; empty when the command only reads
 * @param reply the reply
 * @param <E> the type of the events
 * @param <R> the type of the reply
 */
public record Decision<E, R>(List<E> events, R reply) {

    public Decision {
        events = List.copyOf(events);
    }

    /** A decision that stores nothing. */
    public static <E, R> Decision<E, R> reply(R reply) {
        return new Decision<>(List.of(), reply);
    }
}
