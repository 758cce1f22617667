// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The least that a controller must be: one register that changes one step at a time, and elections from those in sync, or else from those
 * that are eligible.
 */
final class ModelController extends SimulatedController {

    private final TreeSet<Integer> eligible = new TreeSet<>();
    private final TreeSet<Integer> barred = new TreeSet<>();
    private PartitionState state;
    private boolean created;
    private int lastLeader = PartitionState.NO_LEADER;

    ModelController(Simulation simulation, List<Integer> replicas) {
        super(simulation);
        this.state = new PartitionState(
                replicas, new TreeSet<>(), PartitionState.NO_LEADER, -1, -1, 0, simulation.swarm.minInSync());
    }

    @Override
    protected PartitionState state() {
        return state;
    }

    @Override
    protected SortedSet<Integer> eligible() {
        return eligible;
    }

    @Override
    protected boolean isCreated() {
        return created;
    }

    @Override
    protected Map<Integer, BrokerPresence> brokers() {
        Map<Integer, BrokerPresence> brokers = new TreeMap<>();
        registrations.forEach((id, of) -> brokers.put(id, new BrokerPresence(of.epoch(), "rack-" + id, mayJoin(id))));
        return brokers;
    }

    private boolean mayJoin(int id) {
        return isLive(id) && !barred.contains(id);
    }

    @Override
    protected void bar(int id) {
        barred.add(id);
        simulation.tellAll();
    }

    @Override
    protected void unbar(int id) {
        barred.remove(id);
        simulation.tellAll();
    }

    // Brokers.

    /** One that may have lost something is neither in sync nor eligible from then on. */
    @Override
    protected void returned(int id, boolean keptAll) {
        boolean wasInSync = state.isr().contains(id);
        withdraw(id);
        if (!keptAll && (eligible.remove(id) || wasInSync)) {
            simulation.mayHaveLost();
        }
    }

    @Override
    protected void registered(int id) {
        if (!created && state.replicas().stream().allMatch(this::isLive)) {
            created = true;
            change(new TreeSet<>(state.replicas()));
        }
        elect();
    }

    @Override
    protected void gone(int id) {
        withdraw(id);
        elect();
    }

    @Override
    protected void left(int id) {
        withdraw(id);
        elect();
    }

    private void withdraw(int id) {
        if (state.isr().contains(id)) {
            TreeSet<Integer> left = new TreeSet<>(state.isr());
            left.remove(id);
            change(left);
        }
    }

    // The partition.

    /** Makes others the in-sync ones. Who leaves while too few are left stays eligible: nothing is committed without it. */
    private void change(SortedSet<Integer> isr) {
        if (isr.size() >= state.enoughInSync()) {
            eligible.clear();
        } else {
            eligible.addAll(state.isr());
            eligible.removeAll(isr);
        }
        boolean led = isr.contains(state.leader());
        write(isr, led ? state.leader() : PartitionState.NO_LEADER, state.leaderBrokerEpoch(), state.leaderEpoch());
    }

    private void write(SortedSet<Integer> isr, int leader, long leaderBrokerEpoch, int leaderEpoch) {
        state = new PartitionState(
                state.replicas(),
                isr,
                leader,
                leaderBrokerEpoch,
                leaderEpoch,
                state.partitionEpoch() + 1,
                state.minInSync());
        simulation.note("controller: leader " + leader + ", epoch " + leaderEpoch + ", in sync " + isr + ", eligible "
                + eligible);
    }

    private void elect() {
        if (!created || state.leader() != PartitionState.NO_LEADER) {
            return;
        }
        List<Integer> candidates = new ArrayList<>(state.replicas());
        candidates.removeIf(id -> !isLive(id) || !state.isr().contains(id));
        if (candidates.isEmpty()) {
            candidates.addAll(state.replicas());
            candidates.removeIf(id -> !isLive(id) || !eligible.contains(id));
            if (!candidates.isEmpty()) {
                simulation.saw(Rare.ELIGIBLE_ELECTED);
            }
        }
        if (!candidates.isEmpty()) {
            lead(candidates.get(0));
        } else if (state.isr().isEmpty() && eligible.isEmpty() && simulation.electsLastLeader()) {
            // Source: KAFKA-19522. That it led last is no reason to elect somebody who is gone.
            boolean may = isLive(lastLeader) || simulation.bug == Bug.ELECTS_WHO_IS_FENCED;
            if (may) {
                elect(lastLeader);
            }
        }
    }

    private void lead(int id) {
        SortedSet<Integer> isr = state.isr().contains(id) ? state.isr() : new TreeSet<>(List.of(id));
        eligible.remove(id);
        lastLeader = id;
        simulation.ledger.elected(id, isLive(id));
        write(isr, id, registrations.get(id).epoch(), state.leaderEpoch() + 1);
        simulation.saw(Rare.LEADER_ELECTED);
    }

    /** Lets another lead that is in sync. */
    @Override
    protected void move(int id) {
        if (isLive(id) && state.isr().contains(id) && state.leader() != id) {
            simulation.saw(Rare.LEADER_MOVED);
            lead(id);
            simulation.tellAll();
        }
    }

    @Override
    protected void elect(int id) {
        simulation.lose(id);
        eligible.clear();
        write(new TreeSet<>(List.of(id)), PartitionState.NO_LEADER, -1, state.leaderEpoch());
        lead(id);
        simulation.tellAll();
    }

    @Override
    protected PartitionEvent decide(IsrProposal proposal) {
        boolean current = proposal.partitionEpoch() == state.partitionEpoch()
                && proposal.leaderEpoch() == state.leaderEpoch()
                && proposal.leader() == state.leader();
        if (!current) {
            simulation.saw(Rare.PROPOSAL_STALE);
            return new PartitionEvent.IsrRefused(proposal, PartitionEvent.IsrRefusal.STALE);
        }
        for (Map.Entry<Integer, Long> member : proposal.isr().entrySet()) {
            int id = member.getKey();
            boolean same = isLive(id, member.getValue()) || (simulation.bug == Bug.IGNORES_BROKER_EPOCHS && isLive(id));
            boolean joins = !state.isr().contains(id);
            if (joins && (!same || !mayJoin(id))) {
                simulation.saw(Rare.PROPOSAL_INELIGIBLE);
                return new PartitionEvent.IsrRefused(proposal, PartitionEvent.IsrRefusal.INELIGIBLE);
            }
        }
        SortedSet<Integer> isr = new TreeSet<>(proposal.isr().keySet());
        simulation.saw(isr.size() > state.isr().size() ? Rare.ISR_EXPANDED : Rare.ISR_SHRUNK);
        change(isr);
        simulation.tellAll();
        return new PartitionEvent.IsrAccepted(state);
    }
}
