// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * Lets partitions have their replicas at other brokers (KIP-455): the new ones are added and catch up, the old ones stay until then. A
 * replica that is needed for what is committed stays, too, when it is not wanted after all; Kafka drops it.
 * Pure.
 */
final class ReassignmentDecisions {

    private ReassignmentDecisions() {}

    /**
     * Begins a reassignment, or lets one that is under way have another target. What was being added for the former target and is
     * not in the new one is dropped at once, unless it is needed.
     *
     * @param target the replicas that shall be, the preferred leader first
     * @return the change; empty when all is so already
     * @throws RequestException with INVALID_REPLICA_ASSIGNMENT when the target is none, or no replica would be left with all records
     */
    static Optional<PartitionChange> begin(Situation situation, TopicPartition id, List<Integer> target) {
        return begin(situation, id, target, true);
    }

    /**
     * The same, for somebody who may not want to change how many replicas there are.
     *
     * @throws RequestException also with INVALID_REPLICATION_FACTOR
     */
    static Optional<PartitionChange> begin(
            Situation situation, TopicPartition id, List<Integer> target, boolean mayChangeCount) {
        PartitionRevision revision = situation.revise(id.topic(), id.index());
        List<Integer> present = revision.before().replicas();
        boolean valid = !target.isEmpty()
                && new HashSet<>(target).size() == target.size()
                && target.stream()
                        .allMatch(replica ->
                                present.contains(replica) || situation.brokers().isRegistered(replica));
        if (!valid) {
            throw refused(
                    id,
                    "replicas are distinct, and new ones at registered brokers: target=" + target + ", replicas="
                            + present + ", registered="
                            + situation.brokers().registered().stream()
                                    .map(BrokerState::id)
                                    .toList());
        }
        int count = revision.before().assignment().target().size();
        if (!mayChangeCount && target.size() != count) {
            throw new RequestException(
                    ErrorCode.INVALID_REPLICATION_FACTOR,
                    "The replication factor of " + id + " is changed from " + count + " to " + target.size() + ".");
        }
        return assign(revision, id, target, PartitionChange.Reason.REASSIGNMENT);
    }

    /**
     * Lets a partition have the replicas that it had, in the order in which they are noted now.
     *
     * @throws RequestException with NO_REASSIGNMENT_IN_PROGRESS, or with INVALID_REPLICA_ASSIGNMENT when only replicas that were added
     *     have all records
     */
    static PartitionChange cancel(Situation situation, TopicPartition id) {
        PartitionRevision revision = situation.revise(id.topic(), id.index());
        Assignment assignment = revision.before().assignment();
        if (!assignment.isReassigning()) {
            throw new RequestException(
                    ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, "There is no reassignment of " + id + " to be cancelled.");
        }
        return assign(revision, id, assignment.original(), PartitionChange.Reason.REASSIGNMENT_CANCELLED)
                .orElseThrow();
    }

    /** Ends the reassignments whose new replicas are all in sync. */
    static List<PartitionChange> complete(Situation situation) {
        return situation.forEach((topic, partition) -> partition.assignment().isReassigning()
                ? situation
                        .revise(topic, partition)
                        .completed()
                        .because(PartitionChange.Reason.REASSIGNMENT)
                        .filter(PartitionChange::isReassignmentCompleted)
                : Optional.empty());
    }

    /** Begins to give partitions the replicas that they could not have when they were created, for want of brokers. */
    static List<PartitionChange> widen(Situation situation) {
        List<PartitionChange> changes = new ArrayList<>();
        for (TopicImage topic : situation.image().topics()) {
            int least = situation.rules().apply(topic.name()).leastReplicas();
            Placement.widen(situation, topic, least)
                    .forEach((index, target) -> begin(situation, new TopicPartition(topic.name(), index), target)
                            .ifPresent(changes::add));
        }
        return changes;
    }

    private static Optional<PartitionChange> assign(
            PartitionRevision revision, TopicPartition id, List<Integer> target, PartitionChange.Reason reason) {
        List<Integer> original = revision.before().assignment().original();
        List<Integer> removing = new ArrayList<>(original);
        removing.removeAll(target);
        List<Integer> adding = new ArrayList<>(target);
        adding.removeAll(original);
        List<Integer> replicas = new ArrayList<>(target);
        replicas.addAll(removing);
        List<Integer> needed = needed(revision.before(), id, replicas);
        removing.addAll(needed);
        replicas.addAll(needed);
        return revision.assigned(new Assignment(replicas, adding, removing)).because(reason);
    }

    /**
     * Those of the replicas that were being added, and are not wanted any more, without which fewer would have all committed records than
     * must: they go when others have them.
     *
     * @throws RequestException when nobody else would have them
     */
    private static List<Integer> needed(PartitionImage before, TopicPartition id, List<Integer> replicas) {
        List<Integer> whole = before.isr().isEmpty() ? before.eligible() : before.isr();
        List<Integer> dropped =
                whole.stream().filter(replica -> !replicas.contains(replica)).toList();
        int left = whole.size() - dropped.size();
        if (left == 0 && !dropped.isEmpty()) {
            throw refused(
                    id,
                    "no replica with all committed records would be left: isr=" + before.isr() + ", elr="
                            + before.eligible() + ", replicas=" + replicas);
        }
        return left < before.state().enoughInSync(replicas.size()) ? dropped : List.of();
    }

    private static RequestException refused(TopicPartition id, String values) {
        return new RequestException(ErrorCode.INVALID_REPLICA_ASSIGNMENT, "No reassignment of " + id + ": " + values);
    }
}
