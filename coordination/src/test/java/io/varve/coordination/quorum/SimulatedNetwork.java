// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;

/** Delays, drops, reorders and duplicates, and is cut here and there, in one direction or both. Every message goes as bytes. */
final class SimulatedNetwork {

    private record Way(int from, int to) {}

    private final Simulation simulation;
    private final Random random;
    private final Set<Way> cut = new HashSet<>();
    private boolean healed;

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

    /** From now on everything arrives, once and soon. */
    void becomeReliable() {
        heal();
        healed = true;
    }

    void send(SimulatedMember from, int to, PeerMessage message) {
        ByteBuffer bytes = PeerMessageCodec.encode(message);
        Ledger.require(
                PeerMessageCodec.decode(bytes.duplicate()).equals(message), "not decoded as encoded: " + message);
        simulation.saw(message, bytes);
        if (cut.contains(new Way(from.self.id(), to))) {
            return;
        }
        Swarm swarm = simulation.swarm;
        if (!healed && swarm.has(Misfortune.DROPS) && random.nextInt(10) == 0) {
            return;
        }
        deliver(from.self.id(), to, bytes);
        if (!healed && swarm.has(Misfortune.DUPLICATES) && random.nextInt(5) == 0) {
            deliver(from.self.id(), to, bytes.duplicate());
        }
    }

    private void deliver(int from, int to, ByteBuffer bytes) {
        simulation.schedule(simulation.networkDelayNs(healed), () -> {
            SimulatedMember receiver = simulation.member(to);
            if (receiver != null && receiver.isUp() && !cut.contains(new Way(from, to))) {
                receiver.later(0, () -> receiver.receive(bytes));
            }
        });
    }
}
