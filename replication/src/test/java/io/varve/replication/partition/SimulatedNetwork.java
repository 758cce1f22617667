// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Delays, drops, reorders and duplicates, and is cut here and there, in one direction or both. The controller is number 0. */
final class SimulatedNetwork {

    private record Way(int from, int to) {}

    private final Simulation simulation;
    private final Random random;
    private final Set<Way> cut = new HashSet<>();
    private final Map<Way, Deque<Runnable>> held = new HashMap<>();
    private final Set<Way> holding = new HashSet<>();
    private boolean reliable;

    SimulatedNetwork(Simulation simulation) {
        this.simulation = simulation;
        this.random = simulation.random;
    }

    void cut(int from, int to) {
        cut.add(new Way(from, to));
    }

    void heal() {
        cut.clear();
    }

    /** What is sent there waits until it is released. */
    void hold(int from, int to) {
        held.put(new Way(from, to), new ArrayDeque<>());
        holding.add(new Way(from, to));
    }

    /** What is sent from now on overtakes what is held back. */
    void pass(int from, int to) {
        holding.remove(new Way(from, to));
    }

    /** Delivers what was held back, in its order, and holds no more. */
    void release(int from, int to) {
        pass(from, to);
        Deque<Runnable> waiting = held.remove(new Way(from, to));
        if (waiting == null) {
            throw new IllegalStateException("nothing is held: from=" + from + ", to=" + to);
        }
        waiting.forEach(Runnable::run);
    }

    /** Delivers the first of what was held back, and goes on holding. */
    void releaseOne(int from, int to) {
        held.get(new Way(from, to)).remove().run();
    }

    /** From now on everything arrives, once and soon. */
    void becomeReliable() {
        heal();
        reliable = true;
    }

    void send(int from, int to, Runnable receive) {
        Way way = new Way(from, to);
        if (cut.contains(way)) {
            return;
        }
        Deque<Runnable> waiting = held.get(way);
        if (waiting != null && holding.contains(way)) {
            waiting.add(receive);
            return;
        }
        Swarm swarm = simulation.swarm;
        if (!reliable && swarm.has(Misfortune.DROPS) && random.nextInt(10) == 0) {
            return;
        }
        deliver(way, receive);
        if (!reliable && swarm.has(Misfortune.DUPLICATES) && random.nextInt(5) == 0) {
            deliver(way, receive);
        }
    }

    private void deliver(Way way, Runnable receive) {
        simulation.schedule(simulation.networkDelayNs(way.from(), reliable), () -> {
            if (!cut.contains(way)) {
                receive.run();
            }
        });
    }
}
