// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.machine;

/**
 * State that several machines hold equally because all of them apply the same events in the same order.
 *
 * <p>A command is decided once, by the leader; the events of the decision are appended to a log; when they are committed every
 * replica applies them, and only then does the leader release the reply. A machine has no threads, clocks, files or sockets: the
 * time is handed in, and equal inputs give equal outputs.
 *
 * <p>Threading: confined to the thread of the shard that drives it.
 *
 * @param <C> what is asked of the machine
 * @param <E> what is stored and applied
 * @param <R> what the asker is told
 */
public interface StateMachine<C, E, R> {

    /**
     * Decides what a command does. Reads the state and changes nothing.
     *
     * @param command what is asked
     * @param nowMs wall-clock time in milliseconds since the epoch
     * @return the events to append, in order, and the reply to release when they are committed
     */
    Decision<E, R> decide(C command, long nowMs);

    /**
     * Applies one committed event; the only place where the state changes.
     *
     * @param offset the offset at which the event stands in the log
     * @param event the event
     */
    void apply(long offset, E event);
}
