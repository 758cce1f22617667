// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Elections that somebody asks for, and the return of leadership to preferred leaders. Pure. */
final class LeaderDecisions {

    private LeaderDecisions() {}

    /**
     * Lets the preferred leader lead (ElectLeaders, KIP-183).
     *
     * @throws RequestException with ELECTION_NOT_NEEDED when it does, with PREFERRED_LEADER_NOT_AVAILABLE when it cannot
     */
    static PartitionChange electPreferred(Situation situation, TopicPartition id) {
        PartitionRevision revision = situation.revise(id.topic(), id.index());
        int preferred = revision.before().replicas().get(0);
        if (revision.before().leader() == preferred) {
            throw notNeeded(id, preferred);
        }
        return prefer(revision)
                .orElseThrow(() -> new RequestException(
                        ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE,
                        "The preferred leader of " + id + " is not in sync or not there: preferred=" + preferred
                                + ", isr=" + revision.before().isr()));
    }

    /** The change by which the preferred leader comes to lead; empty when it does not. */
    private static Optional<PartitionChange> prefer(PartitionRevision revision) {
        int preferred = revision.before().replicas().get(0);
        return revision.elected(Election.Mode.PREFERRED)
                .because(PartitionChange.Reason.PREFERRED_LEADER)
                .filter(change -> change.isLeaderChange() && change.after().leader() == preferred);
    }

    /**
     * Lets any replica lead a partition without a leader (ElectLeaders, KIP-460), whatever its topic says.
     *
     * @throws RequestException with ELECTION_NOT_NEEDED when one leads, with ELIGIBLE_LEADERS_NOT_AVAILABLE when no replica is there
     */
    static PartitionChange electUnclean(Situation situation, TopicPartition id) {
        PartitionRevision revision = situation.revise(id.topic(), id.index());
        int leader = revision.before().leader();
        if (leader != ClusterImage.NOBODY) {
            throw notNeeded(id, leader);
        }
        return revision.elected(Election.Mode.UNCLEAN)
                .because(PartitionChange.Reason.ELECTION_ASKED_FOR)
                .filter(change -> change.after().leader() != ClusterImage.NOBODY)
                .orElseThrow(() -> new RequestException(
                        ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
                        "No replica of " + id + " is there: replicas="
                                + revision.before().replicas()));
    }

    private static RequestException notNeeded(TopicPartition id, int leader) {
        return new RequestException(
                ErrorCode.ELECTION_NOT_NEEDED, "Leader election not needed for " + id + ": leader=" + leader);
    }

    /**
     * Gives preferred leaders their partitions back, at those brokers that lead too few of them.
     *
     * @param mostPercent how many of the partitions that prefer a broker others may lead without anything being done, percent
     */
    static List<PartitionChange> balance(Situation situation, int mostPercent) {
        Map<Integer, int[]> preferredAndAway = new TreeMap<>();
        for (TopicImage topic : situation.image().topics()) {
            for (PartitionImage partition : topic.partitions()) {
                int preferred = partition.replicas().get(0);
                int[] counts = preferredAndAway.computeIfAbsent(preferred, id -> new int[2]);
                counts[0]++;
                counts[1] += partition.leader() == preferred ? 0 : 1;
            }
        }
        Set<Integer> imbalanced = new HashSet<>();
        preferredAndAway.forEach((id, counts) -> {
            if (100L * counts[1] > (long) mostPercent * counts[0]) {
                imbalanced.add(id);
            }
        });
        return situation.forEach(
                (topic, partition) -> imbalanced.contains(partition.replicas().get(0))
                                && partition.leader() != partition.replicas().get(0)
                        ? prefer(situation.revise(topic, partition))
                        : Optional.empty());
    }
}
