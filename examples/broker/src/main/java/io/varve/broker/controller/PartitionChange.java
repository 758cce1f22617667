// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.metadata.TreeLayout;
import io.varve.coordination.tree.TreeOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A decided change of one partition, with its reason.
 *
 * <p>Threading: immutable.
 *
 * @param topic the topic as it is
 * @param before the partition as it is
 * @param after the partition as it shall be, its partition epoch one higher
 * @param isUnclean whether a broker begins to lead that may lack committed records: they are lost then
 */
record PartitionChange(
        TopicImage topic, PartitionImage before, PartitionImage after, Reason reason, boolean isUnclean) {

    /** Why a partition changes. */
    enum Reason {
        BROKER_LOST,
        BROKER_RETURNED,
        CONTROLLED_SHUTDOWN,
        LOG_FAILED,
        IN_SYNC_REPLICAS,
        MIN_IN_SYNC_REPLICAS,
        REASSIGNMENT,
        REASSIGNMENT_CANCELLED,
        PREFERRED_LEADER,
        ELECTION_ASKED_FOR
    }

    /** Whether another broker leads than before, or none any more. */
    boolean isLeaderChange() {
        return before.leader() != after.leader();
    }

    /** Whether a reassignment is done with it. */
    boolean isReassignmentCompleted() {
        return before.assignment().isReassigning()
                && !after.assignment().isReassigning()
                && reason != Reason.REASSIGNMENT_CANCELLED;
    }

    /** One line for the log: what changes and why. */
    String describe() {
        StringBuilder line = new StringBuilder();
        if (isUnclean) {
            line.append("UNCLEAN election, committed records may be lost: ");
        }
        line.append("partition=").append(topic.name()).append('-').append(before.index());
        difference(line, "leader", before.leader(), after.leader());
        difference(line, "leaderEpoch", before.leaderEpoch(), after.leaderEpoch());
        difference(line, "replicas", before.replicas(), after.replicas());
        difference(line, "isr", before.isr(), after.isr());
        difference(line, "elr", before.eligible(), after.eligible());
        difference(line, "minInSync", before.state().minInSync(), after.state().minInSync());
        difference(
                line, "adding", before.assignment().adding(), after.assignment().adding());
        difference(
                line,
                "removing",
                before.assignment().removing(),
                after.assignment().removing());
        return line.append(", reason=").append(reason).toString();
    }

    private static void difference(StringBuilder line, String name, Object before, Object after) {
        if (!before.equals(after)) {
            line.append(", ")
                    .append(name)
                    .append('=')
                    .append(before)
                    .append("->")
                    .append(after);
        }
    }

    /**
     * The writes that carry out changes, which nobody else may have interfered with: each state must be of the version that was looked
     * at. What is written of assignments relies on the controller's fence, which the caller puts in front.
     *
     * @param changes at most one of each partition, all decided on one image
     */
    static List<TreeOp> operations(List<PartitionChange> changes, int controllerEpoch) {
        List<TreeOp> operations = new ArrayList<>();
        Map<String, TopicImage> reassigned = new TreeMap<>();
        for (PartitionChange change : changes) {
            operations.add(new TreeOp.Set(
                    TreeLayout.partitionState(change.topic.name(), change.before.index()),
                    TreeLayout.partitionState(change.after.state(), controllerEpoch),
                    change.before.partitionEpoch()));
            if (!change.before.assignment().equals(change.after.assignment())) {
                reassigned.merge(
                        change.topic.name(), change.topic.with(change.after), (some, one) -> some.with(change.after));
            }
        }
        reassigned.forEach((name, topic) ->
                operations.add(new TreeOp.Set(TreeLayout.topic(name), TopicPlan.topicNode(topic), -1)));
        return operations;
    }

    /** The image as it will be when the changes are written. */
    static ClusterImage apply(ClusterImage image, List<PartitionChange> changes) {
        Map<String, TopicImage> topics = new TreeMap<>(image.topicsByName());
        for (PartitionChange change : changes) {
            topics.computeIfPresent(change.topic.name(), (name, topic) -> topic.with(change.after));
        }
        return image.withTopics(topics, image.zxid());
    }
}
