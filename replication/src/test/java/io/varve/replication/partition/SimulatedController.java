// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What decides who leads and who is in sync. It never fails; what reaches it, and what it says, may get lost. Who is registered it notes
 * itself; what follows from that a subclass decides: the least that a controller must do, or what a broker's really does.
 */
public abstract class SimulatedController {

    /** Under which number a broker has registered last, and whether that still holds. */
    protected record Registration(long epoch, int nonce, boolean isLive) {

        private Registration ended() {
            return new Registration(epoch, nonce, false);
        }
    }

    protected final Simulation simulation;
    protected final Map<Integer, Registration> registrations = new TreeMap<>();
    private final Map<Integer, Long> heardNs = new TreeMap<>();
    private long nextBrokerEpoch;

    protected SimulatedController(Simulation simulation) {
        this.simulation = simulation;
    }

    // What it has decided.

    protected abstract PartitionState state();

    /** Those that are not in sync and have all that is committed. */
    protected abstract SortedSet<Integer> eligible();

    protected abstract boolean isCreated();

    protected abstract Map<Integer, BrokerPresence> brokers();

    final PartitionEvent.StateTold told() {
        return new PartitionEvent.StateTold(state(), brokers());
    }

    // What happens to brokers.

    /**
     * A broker begins anew, under no registration.
     *
     * @param keptAll whether it has all that it had
     */
    protected abstract void returned(int id, boolean keptAll);

    /** It is registered from now on. */
    protected abstract void registered(int id);

    /** Its session is over. */
    protected abstract void gone(int id);

    /** It is about to go, and is registered no more. */
    protected abstract void left(int id);

    // What is asked for.

    /** Lets a broker not join those in sync. */
    protected abstract void bar(int id);

    protected abstract void unbar(int id);

    /** Changes who leads, or who has a replica, in favour of a broker; nothing happens when that cannot be. */
    protected abstract void move(int id);

    /** The operator lets somebody lead that may lack what was acknowledged, this broker if it can be. */
    protected abstract void elect(int id);

    /** Decides on a proposal: the event that the leader is told, null when it is told nothing but what is decided. */
    protected abstract @Nullable PartitionEvent decide(IsrProposal proposal);

    // Registrations.

    /** Whether a broker is registered under an epoch. */
    final boolean isLive(int id, long epoch) {
        Registration registration = registrations.get(id);
        return registration != null && registration.epoch() == epoch && registration.isLive();
    }

    protected final boolean isLive(int id) {
        Registration registration = registrations.get(id);
        return registration != null && registration.isLive();
    }

    /** Registers a broker; the epoch, or -1 when the registration that it asks for was and is over. */
    final long register(int id, int nonce, boolean keptAll) {
        Registration known = registrations.get(id);
        if (known != null && known.nonce() >= nonce) {
            return known.nonce() == nonce && known.isLive() ? known.epoch() : -1;
        }
        end(id);
        returned(id, keptAll);
        long epoch = nextBrokerEpoch++;
        registrations.put(id, new Registration(epoch, nonce, true));
        heardNs.put(id, simulation.nowNs());
        registered(id);
        simulation.tellAll();
        return epoch;
    }

    /** Whether the broker is still registered. */
    final boolean heard(int id, long epoch) {
        boolean live = isLive(id, epoch);
        if (live) {
            heardNs.put(id, simulation.nowNs());
        }
        return live;
    }

    final void expireSessions() {
        for (Map.Entry<Integer, Registration> entry : List.copyOf(registrations.entrySet())) {
            int id = entry.getKey();
            if (entry.getValue().isLive() && heardNs.get(id) + Simulation.SESSION_NS < simulation.nowNs()) {
                simulation.note("session of " + id + " expires");
                simulation.saw(Rare.SESSION_EXPIRED);
                end(id);
                gone(id);
                simulation.tellAll();
            }
        }
    }

    /** The broker wants to end: when this returns, others have what they can take over. */
    final void leave(int id, long epoch) {
        if (isLive(id, epoch)) {
            end(id);
            left(id);
            simulation.tellAll();
        }
    }

    private void end(int id) {
        registrations.computeIfPresent(id, (key, of) -> of.ended());
    }
}
