// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Which replicas count as in sync, as leaders ask for it (AlterPartition). Pure. */
final class InSyncDecisions {

    private InSyncDecisions() {}

    /**
     * A leader that asks.
     *
     * @param brokerId its number
     * @param brokerEpoch the broker epoch that it believes to have
     * @param leaderEpoch the epoch in which it leads
     * @param partitionEpoch that of the state it looked at
     */
    record Leader(int brokerId, long brokerEpoch, int leaderEpoch, int partitionEpoch) {}

    /**
     * A replica that shall be in sync.
     *
     * @param brokerEpoch the broker epoch with which it fetches, {@link #ANY_EPOCH} when the leader does not say
     */
    record Member(int brokerId, long brokerEpoch) {

        static final long ANY_EPOCH = -1;
    }

    /**
     * The change that a leader asks for. It raises the partition epoch also when all is so already, which makes other copies of what the
     * leader asked for void. That a reassignment is complete with it is for the controller to see.
     *
     * @param isr all that shall be in sync, the leader among them
     * @param isRecovering whether the leader has yet to recover from an unclean election
     * @throws RequestException when it may not be, with Kafka's error
     */
    static PartitionChange alter(
            Situation situation, UUID topicId, int index, Leader leader, List<Member> isr, boolean isRecovering) {
        BrokerState asking = situation.brokers().find(leader.brokerId());
        if (asking == null || asking.epoch() != leader.brokerEpoch()) {
            throw refused(
                    ErrorCode.STALE_BROKER_EPOCH,
                    "brokerId=" + leader.brokerId() + ", brokerEpoch=" + leader.brokerEpoch() + ", registered="
                            + (asking == null ? "no" : asking.epoch()));
        }
        TopicImage topic = situation.image().topic(topicId);
        if (topic == null) {
            throw refused(ErrorCode.UNKNOWN_TOPIC_ID, "topicId=" + topicId);
        }
        PartitionImage partition = topic.partition(index);
        if (partition == null) {
            throw refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "partition=" + topic.name() + "-" + index);
        }
        requireCurrent(partition, leader);
        requireReplicas(partition, leader, isr);
        if (isRecovering && (!partition.state().isRecovering() || isr.size() > 1)) {
            throw refused(
                    ErrorCode.INVALID_REQUEST,
                    "a leader that recovers is alone in sync and was elected for that: isr=" + ids(isr)
                            + ", isRecovering=" + partition.state().isRecovering());
        }
        requireEligible(situation.brokers(), partition, isr);
        PartitionRevision revision = situation.revise(topic, partition).confirmed();
        if (!isRecovering) {
            revision.recovered();
        }
        if (!Set.copyOf(ids(isr)).equals(Set.copyOf(partition.isr()))) {
            revision.inSync(ids(isr));
        }
        return revision.because(PartitionChange.Reason.IN_SYNC_REPLICAS).orElseThrow();
    }

    /** A leader that knows more than this broker shows that another is the controller by now. */
    private static void requireCurrent(PartitionImage partition, Leader leader) {
        if (leader.leaderEpoch() > partition.leaderEpoch() || leader.partitionEpoch() > partition.partitionEpoch()) {
            throw stale(ErrorCode.NOT_CONTROLLER, partition, leader);
        }
        if (leader.leaderEpoch() < partition.leaderEpoch()) {
            throw stale(ErrorCode.FENCED_LEADER_EPOCH, partition, leader);
        }
        if (leader.brokerId() != partition.leader()) {
            throw stale(ErrorCode.INVALID_REQUEST, partition, leader);
        }
        if (leader.partitionEpoch() < partition.partitionEpoch()) {
            throw stale(ErrorCode.INVALID_UPDATE_VERSION, partition, leader);
        }
    }

    private static RequestException stale(ErrorCode error, PartitionImage partition, Leader leader) {
        return refused(
                error,
                "asking=" + leader + ", leader=" + partition.leader() + ", leaderEpoch=" + partition.leaderEpoch()
                        + ", partitionEpoch=" + partition.partitionEpoch());
    }

    private static void requireReplicas(PartitionImage partition, Leader leader, List<Member> isr) {
        List<Integer> ids = ids(isr);
        boolean valid = partition.replicas().containsAll(ids)
                && new HashSet<>(ids).size() == ids.size()
                && ids.contains(leader.brokerId());
        if (!valid) {
            throw refused(
                    ErrorCode.INVALID_REQUEST,
                    "in sync are distinct replicas with the leader among them: isr=" + ids + ", replicas="
                            + partition.replicas() + ", leader=" + leader.brokerId());
        }
    }

    /** No replica joins that is fenced, shuts down (KIP-841) or has another registration than the one that was caught up (KIP-903). */
    private static void requireEligible(BrokerStates brokers, PartitionImage partition, List<Member> isr) {
        for (Member member : isr) {
            BrokerState state = brokers.find(member.brokerId());
            boolean isStale =
                    state != null && member.brokerEpoch() != Member.ANY_EPOCH && member.brokerEpoch() != state.epoch();
            boolean mayBe = partition.isr().contains(member.brokerId())
                    ? brokers.isPresent(member.brokerId())
                    : brokers.isActive(member.brokerId());
            if (isStale || !mayBe) {
                throw refused(ErrorCode.INELIGIBLE_REPLICA, "replica=" + member + ", registered=" + state);
            }
        }
    }

    private static List<Integer> ids(List<Member> isr) {
        return isr.stream().map(Member::brokerId).toList();
    }

    private static RequestException refused(ErrorCode error, String values) {
        return new RequestException(error, "The replicas in sync are not changed: " + values);
    }

    /**
     * Lets {@code min.insync.replicas} of the situation's rules hold where another does: where enough are in sync by the new one, records
     * may be committed from now on that those eligible so far do not have, so they are eligible no longer. Kafka forgets them everywhere,
     * also where nobody is in sync and nothing can be committed without them.
     */
    static List<PartitionChange> minInSync(Situation situation) {
        return situation.forEach((topic, partition) -> {
            int wanted = situation.rules().apply(topic.name()).minInSync();
            return partition.state().minInSync() == wanted
                    ? Optional.empty()
                    : situation
                            .revise(topic, partition)
                            .minInSync(wanted)
                            .because(PartitionChange.Reason.MIN_IN_SYNC_REPLICAS);
        });
    }
}
