// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.PartitionState;
import io.varve.broker.metadata.Successors;
import io.varve.broker.partition.TopicPartition;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReassignmentDecisionsTest {

    private static final TopicPartition T = new TopicPartition("t", 0);

    private Situation situation = ClusterSketch.ofBrokers(1, 2, 3, 4, 5)
            .partition(1, List.of(1, 2, 3), List.of(1, 2, 3), List.of())
            .situation();

    @Test
    void shouldAddFirstAndRemoveWhenTheAddedAreInSync() {
        assertThat(begin(4, 2, 5))
                .isEqualTo("partition=t-0, replicas=[1, 2, 3]->[4, 2, 5, 1, 3], adding=[]->[4, 5], removing=[]->[1, 3],"
                        + " reason=REASSIGNMENT");

        assertThat(inSync(1, 2, 3, 4)).isEmpty();
        assertThat(inSync(1, 2, 3, 4, 5))
                .isEqualTo("partition=t-0, leader=1->4, leaderEpoch=5->6, replicas=[4, 2, 5, 1, 3]->[4, 2, 5],"
                        + " isr=[1, 2, 3, 4, 5]->[2, 4, 5], adding=[4, 5]->[], removing=[1, 3]->[],"
                        + " reason=REASSIGNMENT");
    }

    @Test
    void shouldStopReplicasThatGoByANewEpochWhenTheLeaderStays() {
        begin(1, 2, 4);

        assertThat(inSync(1, 2, 3, 4))
                .isEqualTo(
                        "partition=t-0, leaderEpoch=5->6, replicas=[1, 2, 4, 3]->[1, 2, 4], isr=[1, 2, 3, 4]->[1, 2, 4],"
                                + " adding=[4]->[], removing=[3]->[], reason=REASSIGNMENT");
    }

    @Test
    void shouldReorderAndRemoveAtOnce() {
        assertThat(begin(3, 2, 1)).isEqualTo("partition=t-0, replicas=[1, 2, 3]->[3, 2, 1], reason=REASSIGNMENT");
        assertThat(begin(3, 2))
                .isEqualTo("partition=t-0, leader=1->3, leaderEpoch=5->6, replicas=[3, 2, 1]->[3, 2],"
                        + " isr=[1, 2, 3]->[2, 3], reason=REASSIGNMENT");
    }

    @Test
    void shouldNotCompleteWithFewerInSyncThanCommitsNeed() {
        situation = ClusterSketch.ofBrokers(1, 2, 3, 4)
                .rules(2, false)
                .partition(1, List.of(1, 2, 3), List.of(1, 3), List.of())
                .situation();
        begin(2, 4);

        assertThat(inSync(1, 3, 4)).isEmpty();
        assertThat(inSync(1, 3, 4, 2)).contains("replicas=[2, 4, 1, 3]->[2, 4]");
    }

    @Test
    void shouldHaveAnotherTargetWhileOneIsUnderWay() {
        begin(4, 2, 3);
        inSync(1, 2, 3);

        assertThat(begin(5, 2, 3))
                .isEqualTo("partition=t-0, leaderEpoch=5->6, replicas=[4, 2, 3, 1]->[5, 2, 3, 1], adding=[4]->[5],"
                        + " reason=REASSIGNMENT");
    }

    @Test
    void shouldCancel() {
        begin(4, 2, 3);

        PartitionChange cancelled = ReassignmentDecisions.cancel(situation, T);

        assertThat(cancelled.describe())
                .isEqualTo("partition=t-0, leaderEpoch=5->6, replicas=[4, 2, 3, 1]->[2, 3, 1], adding=[4]->[],"
                        + " removing=[1]->[], reason=REASSIGNMENT_CANCELLED");
        assertThat(cancelled.isReassignmentCompleted()).isFalse();
        apply(cancelled);
        assertThatThrownBy(() -> ReassignmentDecisions.cancel(situation, T))
                .hasMessageContaining("no reassignment of t-0");
    }

    @Test
    void shouldNotCancelWhenOnlyAnAddedReplicaHasAllRecords() {
        situation = ClusterSketch.ofBrokers(4)
                .partition(
                        new Assignment(List.of(4, 1), List.of(4), List.of(1)), PartitionState.first(4, List.of(4), 1))
                .situation();

        assertThatThrownBy(() -> ReassignmentDecisions.cancel(situation, T))
                .hasMessageContaining(
                        "no replica with all committed records would be left: isr=[4], elr=[], replicas=[1]");
    }

    /** Found by seed 3586 of the simulation of clusters. */
    @Test
    void shouldKeepAnAddedReplicaWhileItIsNeededThoughNotWantedAnyMore() {
        situation = ClusterSketch.ofBrokers(1, 2, 3, 5)
                .rules(2, false)
                .partition(
                        new Assignment(List.of(2, 3, 1, 5), List.of(5), List.of()),
                        PartitionState.first(2, List.of(2, 5), 2))
                .situation();

        PartitionImage after = ReassignmentDecisions.cancel(situation, T).after();

        assertThat(after.isr()).containsExactly(2, 5);
        assertThat(after.assignment()).isEqualTo(new Assignment(List.of(2, 3, 1, 5), List.of(), List.of(5)));
    }

    /** Found by seed 2242 of the simulation of clusters. */
    @Test
    void shouldNotCancelWhenOnlyAnAddedReplicaIsEligible() {
        PartitionState none =
                new PartitionState(ClusterImage.NOBODY, 3, List.of(), new Successors(List.of(4), 4), 2, false);
        situation = ClusterSketch.ofBrokers(1)
                .partition(new Assignment(List.of(4, 1), List.of(4), List.of(1)), none)
                .situation();

        assertThatThrownBy(() -> ReassignmentDecisions.cancel(situation, T))
                .hasMessageContaining(
                        "no replica with all committed records would be left: isr=[], elr=[4], replicas=[1]");
    }

    @Test
    void shouldRefuseTargetsThatAreNone() {
        for (List<Integer> target : List.of(List.<Integer>of(), List.of(1, 1), List.of(1, 9))) {
            assertThatThrownBy(() -> ReassignmentDecisions.begin(situation, T, target))
                    .hasMessageContaining("target=" + target);
        }
        assertThatThrownBy(() -> ReassignmentDecisions.begin(situation, new TopicPartition("u", 0), List.of(1)))
                .hasMessageContaining("There is no partition u-0");
    }

    @Test
    void shouldMoveAwayFromABrokerThatIsLost() {
        situation = ClusterSketch.ofBrokers(1, 3, 4)
                .partition(1, List.of(1, 2, 3), List.of(1, 3), List.of())
                .situation();
        begin(1, 4, 3);

        assertThat(inSync(1, 3, 4)).contains("replicas=[1, 4, 3, 2]->[1, 4, 3]");
    }

    @Test
    void shouldChangeNothingThatIsSoAlready() {
        assertThat(ReassignmentDecisions.begin(situation, T, List.of(1, 2, 3))).isEmpty();
    }

    @Test
    void shouldKeepTheNumberOfReplicasForThoseWhoWantThat() {
        assertThatThrownBy(() -> ReassignmentDecisions.begin(situation, T, List.of(1, 2), false))
                .hasMessageContaining("The replication factor of t-0 is changed from 3 to 2.");
        assertThat(ReassignmentDecisions.begin(situation, T, List.of(1, 2, 4), false))
                .isPresent();
    }

    @Test
    void shouldGivePartitionsMoreReplicasWhenThereAreBrokersForThem() {
        Situation few = ClusterSketch.ofBrokers(1, 2)
                .topic("t", List.of(List.of(1), List.of(2)))
                .situation();
        situation = new Situation(few.image(), few.brokers(), topic -> new TopicRules(1, false, 3));
        List<PartitionChange> changes = ReassignmentDecisions.widen(situation);

        assertThat(changes)
                .extracting(PartitionChange::describe)
                .containsExactly(
                        "partition=t-0, replicas=[1]->[1, 2], adding=[]->[2], reason=REASSIGNMENT",
                        "partition=t-1, replicas=[2]->[2, 1], adding=[]->[1], reason=REASSIGNMENT");
        situation = situation.with(PartitionChange.apply(situation.image(), changes));
        assertThat(ReassignmentDecisions.widen(situation)).isEmpty();
    }

    private String begin(Integer... target) {
        return apply(ReassignmentDecisions.begin(situation, T, List.of(target)).orElseThrow());
    }

    /** Lets these be in sync; tells how the reassignment is completed, nothing when it is not. */
    private String inSync(int... isr) {
        PartitionImage partition =
                situation.image().topics().iterator().next().partitions().get(0);
        InSyncDecisions.Leader leader = new InSyncDecisions.Leader(
                partition.leader(), 100 + partition.leader(), partition.leaderEpoch(), partition.partitionEpoch());
        List<InSyncDecisions.Member> members = Arrays.stream(isr)
                .mapToObj(id -> new InSyncDecisions.Member(id, 100 + id))
                .toList();
        apply(InSyncDecisions.alter(situation, ClusterSketch.id("t"), 0, leader, members, false));
        List<PartitionChange> completed = ReassignmentDecisions.complete(situation);
        return completed.isEmpty() ? "" : apply(completed.get(0));
    }

    private String apply(PartitionChange change) {
        situation = situation.with(PartitionChange.apply(situation.image(), List.of(change)));
        return change.describe();
    }
}
