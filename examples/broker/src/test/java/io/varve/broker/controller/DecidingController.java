// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.RequestException;
import io.varve.replication.partition.BrokerPresence;
import io.varve.replication.partition.IsrProposal;
import io.varve.replication.partition.PartitionEvent;
import io.varve.replication.partition.PartitionState;
import io.varve.replication.partition.Rare;
import io.varve.replication.partition.SimulatedController;
import io.varve.replication.partition.Simulation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The decisions of controller, leaders and brokers about one partition, each written at once and heard by others when they hear it. */
final class DecidingController extends SimulatedController {

    static final String UNCLEAN = "unclean election";
    static final String COMPLETED = "reassignment completed";

    private static final TopicPartition ID = new TopicPartition("t", 0);

    /** Under which nobody is registered, nor not registered yet. */
    private static final long NOBODYS_EPOCH = Long.MIN_VALUE;

    private final List<Integer> brokers;
    private final boolean believes;
    private final Map<String, Integer> reached = new TreeMap<>();
    private Situation situation;

    /**
     * @param brokers those that there may be
     * @param believes whether it takes every broker's word that it has what it had, which is a mistake
     */
    DecidingController(Simulation simulation, List<Integer> brokers, boolean believes) {
        super(simulation);
        this.brokers = brokers;
        this.believes = believes;
        this.situation =
                new ClusterSketch().rules(simulation.minInSync(), false).situation();
    }

    /** How often partitions have changed for which reason. */
    Map<String, Integer> reached() {
        return reached;
    }

    private @Nullable PartitionImage partition() {
        TopicImage topic = situation.image().topic(ID.topic());
        return topic == null ? null : topic.partition(ID.index());
    }

    @Override
    protected PartitionState state() {
        PartitionImage partition = partition();
        if (partition == null) {
            return new PartitionState(
                    brokers, new TreeSet<>(), PartitionState.NO_LEADER, -1, -1, -1, simulation.minInSync());
        }
        BrokerState leader = situation.brokers().find(partition.leader());
        return new PartitionState(
                partition.replicas(),
                new TreeSet<>(partition.isr()),
                partition.leader(),
                leader == null ? NOBODYS_EPOCH : leader.epoch(),
                partition.leaderEpoch(),
                partition.partitionEpoch(),
                partition.state().minInSync());
    }

    @Override
    protected SortedSet<Integer> eligible() {
        PartitionImage partition = partition();
        return partition == null ? new TreeSet<>() : new TreeSet<>(partition.eligible());
    }

    @Override
    protected boolean isCreated() {
        return partition() != null;
    }

    @Override
    protected Map<Integer, BrokerPresence> brokers() {
        Map<Integer, BrokerPresence> present = new TreeMap<>();
        situation
                .brokers()
                .registered()
                .forEach(state -> present.put(
                        state.id(),
                        new BrokerPresence(state.epoch(), state.rack(), state.standing() == Standing.ACTIVE)));
        return present;
    }

    // Brokers.

    @Override
    protected void returned(int id, boolean keptAll) {
        situation = situation.with(situation.brokers().without(id));
        PartitionImage partition = partition();
        if (!keptAll && partition != null) {
            if (partition.isr().contains(id) || partition.eligible().contains(id)) {
                simulation.mayHaveLost();
            }
            if (partition.replicas().equals(List.of(id))) {
                simulation.lose(id); // nobody else has anything
            }
        }
        write(BrokerDecisions.returned(situation, id, keptAll || believes));
    }

    @Override
    protected void registered(int id) {
        stand(id, Standing.ACTIVE);
        createOnceAllAreThere();
        doDutiesLater();
    }

    private void stand(int id, Standing standing) {
        long epoch = registrations.get(id).epoch();
        situation = situation.with(situation.brokers().with(new BrokerState(id, epoch, "rack-" + id, standing)));
    }

    /** On three of the brokers at most, so that the replicas of a reassignment may be others. */
    private void createOnceAllAreThere() {
        if (partition() != null || !brokers.stream().allMatch(situation.brokers()::isActive)) {
            return;
        }
        List<List<Integer>> assignment = Placement.place(situation, null, 1, Math.min(3, brokers.size()));
        TopicImage topic = new TopicImage(
                ID.topic(),
                ClusterSketch.id(ID.topic()),
                Placement.partitions(situation, 0, assignment, simulation.minInSync()));
        situation = situation.with(situation.image().withTopics(Map.of(topic.name(), topic), 1));
        simulation.note("controller: created " + assignment);
    }

    @Override
    protected void gone(int id) {
        situation = situation.with(situation.brokers().without(id));
        doDutiesLater();
    }

    @Override
    protected void left(int id) {
        stand(id, Standing.SHUTTING_DOWN);
        write(BrokerDecisions.handOver(situation, id, 1).changes());
        gone(id);
    }

    @Override
    protected void bar(int id) {
        if (situation.brokers().isActive(id)) {
            stand(id, Standing.SHUTTING_DOWN);
            simulation.tellAll();
        }
    }

    @Override
    protected void unbar(int id) {
        if (situation.brokers().isRegistered(id)) {
            stand(id, Standing.ACTIVE);
            createOnceAllAreThere();
            doDutiesLater();
        }
    }

    // The controller's duties.

    /** The controller takes its time to notice; whatever happens meanwhile comes first. */
    private void doDutiesLater() {
        simulation.schedule(simulation.random().nextInt(60) * Simulation.MS, this::doDuties);
    }

    private void doDuties() {
        if (partition() == null) {
            return;
        }
        for (List<PartitionChange> due = ControllerDuties.next(situation);
                !due.isEmpty();
                due = ControllerDuties.next(situation)) {
            write(due);
        }
        simulation.tellAll();
    }

    // What is asked for.

    @Override
    protected void move(int id) {
        if (partition() == null) {
            return;
        }
        switch (simulation.random().nextInt(4)) {
            case 0 -> asked(() -> List.of(LeaderDecisions.electPreferred(situation, ID)));
            case 1 -> asked(() -> List.of(ReassignmentDecisions.cancel(situation, ID)));
            default ->
                asked(() -> ReassignmentDecisions.begin(situation, ID, targetWith(id)).stream()
                        .toList());
        }
        asked(() -> LeaderDecisions.balance(situation, 0));
        doDutiesLater();
    }

    private List<Integer> targetWith(int first) {
        List<Integer> target = new ArrayList<>(brokers);
        Collections.shuffle(target, simulation.random());
        target.remove(Integer.valueOf(first));
        target.add(0, first);
        return List.copyOf(target.subList(0, 1 + simulation.random().nextInt(target.size())));
    }

    @Override
    protected void elect(int id) {
        asked(() -> List.of(LeaderDecisions.electUnclean(situation, ID)));
        doDutiesLater();
    }

    /** What cannot be is refused and changes nothing. */
    private void asked(Supplier<List<PartitionChange>> request) {
        try {
            write(request.get());
        } catch (RequestException refused) {
            simulation.note("controller: " + refused.getMessage());
        }
    }

    /** As a leader decides by the image; that nobody was faster is a condition of its write. */
    @Override
    protected @Nullable PartitionEvent decide(IsrProposal proposal) {
        try {
            boolean joins = !state().isr().containsAll(proposal.isr().keySet());
            write(List.of(IsrWriter.change(situation, ClusterSketch.id(ID.topic()), ID.index(), proposal)));
            simulation.saw(joins ? Rare.ISR_EXPANDED : Rare.ISR_SHRUNK);
            doDutiesLater();
            return null; // the image tells
        } catch (RequestException refused) {
            return switch (IsrWriter.outcome(refused)) {
                case INELIGIBLE -> {
                    simulation.saw(Rare.PROPOSAL_INELIGIBLE);
                    yield new PartitionEvent.IsrRefused(proposal, PartitionEvent.IsrRefusal.INELIGIBLE);
                }
                case STALE -> {
                    simulation.saw(Rare.PROPOSAL_STALE);
                    yield new PartitionEvent.IsrRefused(proposal, PartitionEvent.IsrRefusal.STALE);
                }
                default -> null; // to be asked again
            };
        }
    }

    private void write(List<PartitionChange> changes) {
        for (PartitionChange change : changes) {
            simulation.note("controller: " + change.describe());
            reach(change);
            int leader = change.after().leader();
            if (change.isUnclean()) {
                simulation.lose(leader);
            }
            if (change.after().leaderEpoch() > change.before().leaderEpoch() && leader != ClusterImage.NOBODY) {
                simulation.elected(leader, situation.brokers().isPresent(leader));
            }
        }
        situation = situation.with(PartitionChange.apply(situation.image(), changes));
        if (!changes.isEmpty()) {
            simulation.tellAll();
        }
    }

    private void reach(PartitionChange change) {
        reached.merge(change.reason().name(), 1, Integer::sum);
        if (change.isUnclean()) {
            reached.merge(UNCLEAN, 1, Integer::sum);
        }
        if (change.isReassignmentCompleted()) {
            reached.merge(COMPLETED, 1, Integer::sum);
        }
        if (change.isLeaderChange()
                && change.before().eligible().contains(change.after().leader())) {
            simulation.saw(Rare.ELIGIBLE_ELECTED);
        }
    }
}
