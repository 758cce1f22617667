// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.PartitionState;
import io.varve.broker.metadata.Successors;
import io.varve.broker.metadata.TopicImage;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One partition on its way from how it is to how it shall be. A decision says what it wishes; what follows from that by the rules of
 * every change (a reassignment that is complete, successors, election, epochs) is worked out in one place, {@link #because}.
 *
 * <p>Threading: confined to the thread that decides.
 */
final class PartitionRevision {

    private final TopicImage topic;
    private final PartitionImage before;
    private final BrokerStates brokers;
    private Assignment assignment;
    private List<Integer> isr;
    private List<Integer> eligible;
    private Election.Mode mode;
    private int minInSync;
    private boolean isRecovering;
    private boolean isNewLeadership;
    private boolean mayComplete;
    private boolean isConfirmed;

    PartitionRevision(TopicImage topic, PartitionImage before, BrokerStates brokers, TopicRules rules) {
        this.topic = topic;
        this.before = before;
        this.brokers = brokers;
        this.assignment = before.assignment();
        this.isr = before.isr();
        // Whoever leaves the replicas in sync is eligible as long as nothing can have been committed without it.
        this.eligible = union(before.eligible(), before.isr());
        this.mode = rules.uncleanElection() ? Election.Mode.UNCLEAN : Election.Mode.CLEAN;
        this.minInSync = before.state().minInSync();
        this.isRecovering = before.state().isRecovering();
    }

    private static List<Integer> union(List<Integer> some, List<Integer> others) {
        Set<Integer> all = new LinkedHashSet<>(some);
        all.addAll(others);
        return List.copyOf(all);
    }

    /** The partition as it is. */
    PartitionImage before() {
        return before;
    }

    PartitionRevision inSync(List<Integer> replicas) {
        isr = List.copyOf(replicas);
        return this;
    }

    PartitionRevision notInSync(int replica) {
        isr = without(isr, Set.of(replica));
        return this;
    }

    /** A replica may have lost records, as a machine does that loses power: it does not succeed. */
    PartitionRevision notEligible(int replica) {
        eligible = without(eligible, Set.of(replica));
        return this;
    }

    /** The replicas are to be others; as {@link #completed}, only for the controller, which alone writes the topic's node. */
    PartitionRevision assigned(Assignment wanted) {
        assignment = wanted;
        return completed();
    }

    /** The reassignment that is under way ends if it can. */
    PartitionRevision completed() {
        mayComplete = true;
        return this;
    }

    /** The topic's configuration says another number. */
    PartitionRevision minInSync(int wanted) {
        minInSync = wanted;
        return this;
    }

    PartitionRevision elected(Election.Mode wanted) {
        mode = wanted;
        return this;
    }

    /** The leader has done what an unclean election asks of it (KIP-704). */
    PartitionRevision recovered() {
        isRecovering = false;
        return this;
    }

    /** Whoever leads does so anew, even when it has led before: it was away meanwhile. */
    PartitionRevision newLeadership() {
        isNewLeadership = true;
        return this;
    }

    /** The partition epoch increases even when nothing else is changed: what was decided on this state before is void. */
    PartitionRevision confirmed() {
        isConfirmed = true;
        return this;
    }

    /** The change that follows; empty when nothing is changed. */
    Optional<PartitionChange> because(PartitionChange.Reason reason) {
        isr = ofReplicas(isr);
        if (mayComplete) {
            completeReassignment();
        }
        eligible = ofReplicas(eligible);
        Election election = Election.of(draft(), brokers, mode);
        int leader = election.leader();
        if (election.isUnclean()) {
            // Nobody else is known to have what it has, and whoever had more must follow it now.
            isr = List.of(leader);
            eligible = List.of();
            isRecovering = true;
        } else if (leader != ClusterImage.NOBODY && !isr.contains(leader)) {
            isr = List.of(leader);
        }
        Successors successors = successors(leader == ClusterImage.NOBODY ? lastLeader() : ClusterImage.NOBODY);
        PartitionState state =
                new PartitionState(leader, leaderEpoch(leader), isr, successors, minInSync, isRecovering);
        if (!isConfirmed && state.equals(before.state()) && assignment.equals(before.assignment())) {
            return Optional.empty();
        }
        PartitionImage after = new PartitionImage(before.index(), assignment, state, before.partitionEpoch() + 1);
        return Optional.of(new PartitionChange(topic, before, after, reason, election.isUnclean()));
    }

    /**
     * The replicas to be removed go once all that were added are in sync, unless commits or leadership would go with them: stricter than
     * Kafka, which asks for the added ones alone.
     */
    private void completeReassignment() {
        if (!assignment.isReassigning()) {
            return;
        }
        List<Integer> target = assignment.target();
        List<Integer> left = isr.stream().filter(target::contains).toList();
        boolean isLed = left.stream().anyMatch(brokers::isActive)
                || (left.contains(before.leader()) && brokers.isPresent(before.leader()));
        if (left.containsAll(assignment.adding()) && left.size() >= Math.min(minInSync, target.size()) && isLed) {
            assignment = Assignment.of(target);
            isr = left;
        }
    }

    /** The partition as it shall be, led as before. */
    private PartitionImage draft() {
        PartitionState state = new PartitionState(
                before.leader(), before.leaderEpoch(), isr, successors(lastLeader()), minInSync, isRecovering);
        return new PartitionImage(before.index(), assignment, state, before.partitionEpoch());
    }

    private Successors successors(int lastKnownLeader) {
        boolean enough = isr.size() >= Math.min(minInSync, assignment.replicas().size());
        return new Successors(enough ? List.of() : without(eligible, Set.copyOf(isr)), lastKnownLeader);
    }

    private int lastLeader() {
        return before.leader() == ClusterImage.NOBODY
                ? before.state().successors().lastKnownLeader()
                : before.leader();
    }

    /**
     * One higher with every leadership, and when a replica goes, since an epoch that it does not know makes it stop to follow. That the
     * replicas in sync become fewer needs none (KAFKA-15021).
     */
    private int leaderEpoch(int leader) {
        boolean anew = leader != before.leader()
                || (isNewLeadership && leader != ClusterImage.NOBODY)
                || !assignment.replicas().containsAll(before.replicas());
        return anew ? before.leaderEpoch() + 1 : before.leaderEpoch();
    }

    private List<Integer> ofReplicas(List<Integer> some) {
        return some.stream().filter(assignment.replicas()::contains).toList();
    }

    private static List<Integer> without(List<Integer> some, Set<Integer> others) {
        return some.stream().filter(id -> !others.contains(id)).toList();
    }
}
