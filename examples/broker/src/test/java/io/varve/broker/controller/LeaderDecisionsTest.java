// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.partition.TopicPartition;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeaderDecisionsTest {

    private static final TopicPartition T = new TopicPartition("t", 0);
    private static final List<Integer> ALL = List.of(1, 2, 3);

    @Test
    void shouldLetThePreferredLeaderLead() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
                .partition(2, ALL, ALL, List.of())
                .situation();

        assertThat(LeaderDecisions.electPreferred(situation, T).describe())
                .isEqualTo("partition=t-0, leader=2->1, leaderEpoch=5->6, reason=PREFERRED_LEADER");
    }

    @Test
    void shouldNotElectAPreferredLeaderThatIsNotInSync() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
                .partition(2, ALL, List.of(2, 3), List.of())
                .situation();

        assertThatThrownBy(() -> LeaderDecisions.electPreferred(situation, T))
                .hasMessageContaining("preferred=1, isr=[2, 3]");
        assertThat(LeaderDecisions.balance(situation, 0)).isEmpty();
    }

    @Test
    void shouldNotElectWithoutNeed() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
                .partition(1, ALL, ALL, List.of())
                .situation();

        assertThatThrownBy(() -> LeaderDecisions.electPreferred(situation, T)).hasMessageContaining("not needed");
        assertThatThrownBy(() -> LeaderDecisions.electUnclean(situation, T)).hasMessageContaining("not needed");
    }

    @Test
    void shouldElectAnyReplicaLoudlyWhenAskedTo() {
        Situation situation = ClusterSketch.ofBrokers(3)
                .partition(ClusterImage.NOBODY, ALL, List.of(), List.of(1))
                .situation();

        PartitionChange change = LeaderDecisions.electUnclean(situation, T);

        assertThat(change.isUnclean()).isTrue();
        assertThat(change.describe())
                .isEqualTo("UNCLEAN election, committed records may be lost: partition=t-0, leader=-1->3,"
                        + " leaderEpoch=5->6, isr=[]->[3], elr=[1]->[], reason=ELECTION_ASKED_FOR");
    }

    @Test
    void shouldElectACleanLeaderWhenThereIsOne() {
        Situation situation = ClusterSketch.ofBrokers(1, 3)
                .partition(ClusterImage.NOBODY, ALL, List.of(), List.of(3))
                .situation();

        PartitionChange change = LeaderDecisions.electUnclean(situation, T);

        assertThat(change.after().leader()).isEqualTo(3);
        assertThat(change.isUnclean()).isFalse();
    }

    @Test
    void shouldSayThatNoReplicaIsThere() {
        Situation situation = ClusterSketch.ofBrokers(9)
                .partition(ClusterImage.NOBODY, ALL, List.of(), List.of(3))
                .situation();

        assertThatThrownBy(() -> LeaderDecisions.electUnclean(situation, T))
                .hasMessageContaining("No replica of t-0 is there");
    }

    @Test
    void shouldBalanceWhereOthersLeadTooMuch() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
                .topic("t", List.of(ALL, ALL, ALL, ALL))
                .situation();
        PartitionChange away = situation
                .revise("t", 2)
                .notInSync(1)
                .because(PartitionChange.Reason.IN_SYNC_REPLICAS)
                .orElseThrow();
        situation = situation.with(PartitionChange.apply(situation.image(), List.of(away)));
        PartitionChange back = situation
                .revise("t", 2)
                .inSync(ALL)
                .because(PartitionChange.Reason.IN_SYNC_REPLICAS)
                .orElseThrow();
        situation = situation.with(PartitionChange.apply(situation.image(), List.of(back)));

        assertThat(LeaderDecisions.balance(situation, 25)).isEmpty();
        assertThat(LeaderDecisions.balance(situation, 24))
                .extracting(PartitionChange::describe)
                .containsExactly("partition=t-2, leader=2->1, leaderEpoch=1->2, reason=PREFERRED_LEADER");
    }
}
