// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What partitions come to when brokers go and come. Pure. */
final class BrokerDecisions {

    private BrokerDecisions() {}

    /**
     * Takes every broker that is not there, or is fenced, out of the replicas in sync, and lets others lead in its place. It asks what is
     * missing, not what has happened: a controller decides it when it is elected, and whenever the brokers change.
     */
    static List<PartitionChange> absent(Situation situation) {
        return situation.forEach((topic, partition) -> {
            if (isSound(partition, situation.brokers())) {
                return Optional.empty();
            }
            return withoutAbsent(situation, topic, partition).because(PartitionChange.Reason.BROKER_LOST);
        });
    }

    /** All of them at once, so that none who was there to the end is taken for one who went first. */
    private static PartitionRevision withoutAbsent(Situation situation, TopicImage topic, PartitionImage partition) {
        PartitionRevision revision = situation.revise(topic, partition);
        partition.isr().stream()
                .filter(id -> !situation.brokers().isPresent(id))
                .forEach(revision::notInSync);
        return revision;
    }

    private static boolean isSound(PartitionImage partition, BrokerStates brokers) {
        return partition.leader() != ClusterImage.NOBODY
                && partition.isr().contains(partition.leader())
                && partition.isr().stream().allMatch(brokers::isPresent);
    }

    /**
     * A broker has begun anew. Where it still counts as in sync nobody has noticed that it was away: it must catch up with the others
     * first, and to lead again it needs a new epoch. To be written before it registers, since whoever sees its registration could elect
     * it for what it no longer has; in the situation it is not there. One in which it is lets it lead where nobody else may.
     *
     * @param isWhole whether it has all that it had when it was last registered, as after a clean shutdown; of a broker that has not, as
     *     after a loss of power or of a disk, it is not known what it still has (KIP-966)
     */
    static List<PartitionChange> returned(Situation situation, int brokerId, boolean isWhole) {
        return situation.forEach((topic, partition) -> partition.replicas().contains(brokerId)
                ? returned(withoutAbsent(situation, topic, partition), brokerId, isWhole)
                : Optional.empty());
    }

    private static Optional<PartitionChange> returned(PartitionRevision revision, int brokerId, boolean isWhole) {
        PartitionImage partition = revision.before();
        revision.notInSync(brokerId);
        if (!isWhole && partition.replicas().size() > 1) {
            revision.notEligible(brokerId);
        }
        if (partition.leader() == brokerId) {
            revision.newLeadership();
        }
        return revision.because(PartitionChange.Reason.BROKER_RETURNED);
    }

    /**
     * A step of a controlled shutdown.
     *
     * @param changes what to write now
     * @param remaining partitions that are left for the next steps
     * @param stuck partitions that nobody else can lead at present: they are without a leader once the broker goes
     */
    record HandOver(List<PartitionChange> changes, List<TopicPartition> remaining, List<TopicPartition> stuck) {

        /** Whether the broker may go, as far as others can take over from it. */
        boolean isDone() {
            return changes.isEmpty() && remaining.isEmpty();
        }
    }

    /**
     * Takes what a broker leads from it, then its places among the replicas in sync, so that nobody waits for it when it goes.
     *
     * @param brokerId the broker, {@link Standing#SHUTTING_DOWN} in the situation
     * @param most partitions to change in this step, at least 1
     */
    static HandOver handOver(Situation situation, int brokerId, int most) {
        if (most < 1) {
            throw new IllegalArgumentException("a step must change at least one partition: most=" + most);
        }
        List<PartitionChange> led = new ArrayList<>();
        List<PartitionChange> followed = new ArrayList<>();
        List<TopicPartition> stuck = new ArrayList<>();
        for (TopicImage topic : situation.image().topics()) {
            for (PartitionImage partition : topic.partitions()) {
                if (!partition.isr().contains(brokerId)) {
                    continue;
                }
                Optional<PartitionChange> change =
                        leave(situation.revise(topic, partition), brokerId, PartitionChange.Reason.CONTROLLED_SHUTDOWN);
                if (change.isEmpty()) {
                    stuck.add(new TopicPartition(topic.name(), partition.index()));
                } else {
                    (partition.leader() == brokerId ? led : followed).add(change.get());
                }
            }
        }
        List<PartitionChange> all = new ArrayList<>(led);
        all.addAll(followed);
        List<PartitionChange> now = all.subList(0, Math.min(most, all.size()));
        List<TopicPartition> remaining = all.subList(now.size(), all.size()).stream()
                .map(change -> new TopicPartition(
                        change.topic().name(), change.before().index()))
                .toList();
        return new HandOver(List.copyOf(now), remaining, List.copyOf(stuck));
    }

    /**
     * Takes from a broker what it leads, and its places among the replicas in sync, where its logs have failed. Where nobody else can lead it
     * goes on leading: what is there can still be read.
     *
     * @param brokerId the broker
     * @param failed the partitions
     */
    static List<PartitionChange> giveUp(Situation situation, int brokerId, Set<TopicPartition> failed) {
        Situation without = situation.with(situation.brokers().with(brokerId, Standing.SHUTTING_DOWN));
        return without.forEach((topic, partition) -> {
            boolean isConcerned = failed.contains(new TopicPartition(topic.name(), partition.index()))
                    && partition.isr().contains(brokerId);
            return isConcerned
                    ? leave(without.revise(topic, partition), brokerId, PartitionChange.Reason.LOG_FAILED)
                    : Optional.empty();
        });
    }

    /** The partition without the broker in sync; empty when nobody, or only one without all records, could lead then. */
    private static Optional<PartitionChange> leave(
            PartitionRevision revision, int brokerId, PartitionChange.Reason reason) {
        return revision.notInSync(brokerId)
                .elected(Election.Mode.CLEAN)
                .because(reason)
                .filter(change -> change.after().leader() != ClusterImage.NOBODY
                        && change.after().leader() != brokerId
                        && !change.isUnclean());
    }
}
