// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionState;
import io.varve.broker.metadata.Successors;
import io.varve.broker.partition.TopicPartition;
import java.util.List;
import org.junit.jupiter.api.Test;

class BrokerDecisionsTest {

    private static final List<Integer> ALL = List.of(1, 2, 3);

    @Test
    void shouldLetTheNextReplicaInSyncLeadWhenTheLeaderIsLost() {
        Situation situation = ClusterSketch.ofBrokers(2, 3)
                .partition(1, ALL, List.of(1, 3), List.of())
                .situation();

        assertThat(absent(situation))
                .containsExactly("partition=t-0, leader=1->3, leaderEpoch=5->6, isr=[1, 3]->[3], reason=BROKER_LOST");
    }

    @Test
    void shouldKeepTheLeaderAndItsEpochWhenAFollowerIsLost() {
        Situation situation =
                ClusterSketch.ofBrokers(1, 3).partition(1, ALL, ALL, List.of()).situation();

        assertThat(absent(situation)).containsExactly("partition=t-0, isr=[1, 2, 3]->[1, 3], reason=BROKER_LOST");
    }

    @Test
    void shouldTreatAFencedBrokerAsLost() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
                .partition(1, ALL, ALL, List.of())
                .situation();
        situation = situation.with(situation.brokers().with(1, Standing.FENCED));

        assertThat(absent(situation))
                .containsExactly(
                        "partition=t-0, leader=1->2, leaderEpoch=5->6, isr=[1, 2, 3]->[2, 3]," + " reason=BROKER_LOST");
    }

    @Test
    void shouldKeepWhoeverLeavesEligibleWhileTooFewAreInSync() {
        Situation situation = ClusterSketch.ofBrokers(2, 3)
                .rules(2, false)
                .partition(1, ALL, List.of(1, 2), List.of())
                .situation();

        assertThat(absent(situation))
                .containsExactly("partition=t-0, leader=1->2, leaderEpoch=5->6, isr=[1, 2]->[2], elr=[]->[1],"
                        + " reason=BROKER_LOST");
    }

    @Test
    void shouldHaveNoLeaderButAnEligibleOneWhenTheLastInSyncIsLost() {
        Situation situation = ClusterSketch.ofBrokers(2, 3)
                .partition(1, ALL, List.of(1), List.of())
                .situation();

        List<PartitionChange> changes = BrokerDecisions.absent(situation);

        assertThat(texts(changes))
                .containsExactly(
                        "partition=t-0, leader=1->-1, leaderEpoch=5->6, isr=[1]->[], elr=[]->[1], reason=BROKER_LOST");
        assertThat(changes.get(0).after().state().successors().lastKnownLeader())
                .isEqualTo(1);
        assertThat(absent(situation.with(PartitionChange.apply(situation.image(), changes))))
                .isEmpty();
    }

    @Test
    void shouldElectAnEligibleReplicaWhenNoneIsInSync() {
        Situation situation = ClusterSketch.ofBrokers(2, 3)
                .rules(2, false)
                .partition(1, ALL, List.of(1), List.of(3))
                .situation();

        assertThat(absent(situation))
                .containsExactly("partition=t-0, leader=1->3, leaderEpoch=5->6, isr=[1]->[3], elr=[3]->[1],"
                        + " reason=BROKER_LOST");
    }

    @Test
    void shouldElectAnyReplicaLoudlyWhenTheTopicSaysSo() {
        Situation situation = ClusterSketch.ofBrokers(2, 3)
                .rules(1, true)
                .partition(1, ALL, List.of(1), List.of())
                .situation();

        List<PartitionChange> changes = BrokerDecisions.absent(situation);

        assertThat(texts(changes))
                .containsExactly("UNCLEAN election, committed records may be lost: partition=t-0, leader=1->2,"
                        + " leaderEpoch=5->6, isr=[1]->[2], reason=BROKER_LOST");
        assertThat(changes.get(0).after().state().isRecovering()).isTrue();
    }

    @Test
    void shouldLetAReturningBrokerLeadWhatNobodyElseMay() {
        ClusterSketch cluster =
                ClusterSketch.ofBrokers(2, 3).partition(ClusterImage.NOBODY, ALL, List.of(), List.of(1));

        assertThat(texts(BrokerDecisions.returned(cluster.situation(), 2, true)))
                .isEmpty();
        assertThat(texts(BrokerDecisions.returned(cluster.broker(1, null).situation(), 1, true)))
                .containsExactly(
                        "partition=t-0, leader=-1->1, leaderEpoch=5->6, isr=[]->[1], elr=[1]->[], reason=BROKER_RETURNED");
    }

    @Test
    void shouldNotLetABrokerLeadThatMayHaveLostItsRecords() {
        Situation situation = ClusterSketch.ofBrokers(1, 2)
                .rules(2, false)
                .partition(ClusterImage.NOBODY, ALL, List.of(), List.of(1, 3))
                .situation();

        assertThat(texts(BrokerDecisions.returned(situation, 1, false)))
                .containsExactly("partition=t-0, elr=[1, 3]->[3], reason=BROKER_RETURNED");
    }

    @Test
    void shouldElectTheLastKnownLeaderWhenAllHaveLostTheirs() {
        PartitionState state =
                new PartitionState(ClusterImage.NOBODY, 5, List.of(), new Successors(List.of(1), 1), 1, false);
        Situation situation = ClusterSketch.ofBrokers(1, 2)
                .partition(Assignment.of(ALL), state)
                .situation();

        assertThat(texts(BrokerDecisions.returned(situation, 1, false)))
                .containsExactly("UNCLEAN election, committed records may be lost: partition=t-0, leader=-1->1,"
                        + " leaderEpoch=5->6, isr=[]->[1], elr=[1]->[], reason=BROKER_RETURNED");
    }

    @Test
    void shouldWaitForTheLastKnownLeaderToBeThere() {
        PartitionState state =
                new PartitionState(ClusterImage.NOBODY, 5, List.of(), new Successors(List.of(), 1), 1, false);
        Situation situation =
                ClusterSketch.ofBrokers(2).partition(Assignment.of(ALL), state).situation();

        assertThat(absent(situation)).isEmpty();
    }

    @Test
    void shouldTakeABrokerOutOfSyncWhoseAbsenceNobodyNoticed() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
                .partition(1, ALL, ALL, List.of())
                .situation();

        assertThat(texts(BrokerDecisions.returned(situation, 1, true)))
                .containsExactly("partition=t-0, leader=1->2, leaderEpoch=5->6, isr=[1, 2, 3]->[2, 3],"
                        + " reason=BROKER_RETURNED");
        assertThat(texts(BrokerDecisions.returned(situation, 3, false)))
                .containsExactly("partition=t-0, isr=[1, 2, 3]->[1, 2], reason=BROKER_RETURNED");
    }

    @Test
    void shouldBeginANewEpochWhenTheOnlyReplicaReturns() {
        Situation situation = ClusterSketch.ofBrokers(1)
                .partition(1, List.of(1), List.of(1), List.of())
                .situation();

        assertThat(texts(BrokerDecisions.returned(situation, 1, false)))
                .containsExactly("partition=t-0, leaderEpoch=5->6, reason=BROKER_RETURNED");
    }

    @Test
    void shouldHandOverLeadersFirstAndAsManyAsAsked() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
                .topic("followed", List.of(List.of(2, 1)))
                .topic("led", List.of(List.of(1, 2), List.of(1, 3)))
                .topic("only", List.of(List.of(1)))
                .situation();
        situation = situation.with(situation.brokers().with(1, Standing.SHUTTING_DOWN));

        BrokerDecisions.HandOver first = BrokerDecisions.handOver(situation, 1, 2);

        assertThat(texts(first.changes()))
                .containsExactly(
                        "partition=led-0, leader=1->2, leaderEpoch=0->1, isr=[1, 2]->[2], reason=CONTROLLED_SHUTDOWN",
                        "partition=led-1, leader=1->3, leaderEpoch=0->1, isr=[1, 3]->[3], reason=CONTROLLED_SHUTDOWN");
        assertThat(first.remaining()).containsExactly(new TopicPartition("followed", 0));
        assertThat(first.stuck()).containsExactly(new TopicPartition("only", 0));
        assertThat(first.isDone()).isFalse();

        situation = situation.with(PartitionChange.apply(situation.image(), first.changes()));
        BrokerDecisions.HandOver second = BrokerDecisions.handOver(situation, 1, 2);
        situation = situation.with(PartitionChange.apply(situation.image(), second.changes()));

        assertThat(texts(second.changes()))
                .containsExactly("partition=followed-0, isr=[2, 1]->[2], reason=CONTROLLED_SHUTDOWN");
        assertThat(BrokerDecisions.handOver(situation, 1, 2).isDone()).isTrue();
        assertThat(absent(situation))
                .as("a broker that shuts down keeps what it leads")
                .isEmpty();
    }

    @Test
    void shouldNotHandOverToABrokerThatShutsDownOrUncleanly() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
                .rules(1, true)
                .partition(1, ALL, List.of(1, 2), List.of())
                .situation();
        situation = situation.with(
                situation.brokers().with(1, Standing.SHUTTING_DOWN).with(2, Standing.SHUTTING_DOWN));

        BrokerDecisions.HandOver handOver = BrokerDecisions.handOver(situation, 1, 9);

        assertThat(handOver.changes()).isEmpty();
        assertThat(handOver.stuck()).containsExactly(new TopicPartition("t", 0));
    }

    @Test
    void shouldRefuseAStepOfNothing() {
        Situation situation = ClusterSketch.ofBrokers(1).situation();

        assertThatThrownBy(() -> BrokerDecisions.handOver(situation, 1, 0)).hasMessageContaining("most=0");
    }

    private static List<String> absent(Situation situation) {
        return texts(BrokerDecisions.absent(situation));
    }

    private static List<String> texts(List<PartitionChange> changes) {
        return changes.stream().map(PartitionChange::describe).toList();
    }
}
