// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.broker.metadata.PartitionImage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlacementTest {

    @Test
    void shouldSpreadLeadersAndReplicasEvenly() {
        List<List<Integer>> placed = place(ClusterSketch.ofBrokers(1, 2, 3, 4), 12, 3);

        assertThat(leaders(placed)).isEqualTo(Map.of(1, 3, 2, 3, 3, 3, 4, 3));
        assertThat(replicas(placed)).isEqualTo(Map.of(1, 9, 2, 9, 3, 9, 4, 9));
        assertThat(placed)
                .allSatisfy(
                        replicas -> assertThat(replicas).doesNotHaveDuplicates().hasSize(3));
    }

    @Test
    void shouldLetAllOthersTakeOverFromABroker() {
        List<List<Integer>> placed = place(ClusterSketch.ofBrokers(1, 2, 3, 4), 12, 2);

        assertThat(placed.stream().filter(replicas -> replicas.get(0) == 1).map(replicas -> replicas.get(1)))
                .containsExactlyInAnyOrder(2, 3, 4);
    }

    @Test
    void shouldSpreadOverRacks() {
        ClusterSketch cluster = new ClusterSketch()
                .broker(1, "a")
                .broker(2, "a")
                .broker(3, "b")
                .broker(4, "b")
                .broker(5, "c");

        List<List<Integer>> placed = place(cluster, 20, 3);

        assertThat(placed).allSatisfy(replicas -> {
            assertThat(replicas).contains(5);
            assertThat(replicas).containsAnyOf(1, 2);
            assertThat(replicas).containsAnyOf(3, 4);
        });
        assertThat(leaders(placed)).isEqualTo(Map.of(1, 4, 2, 4, 3, 4, 4, 4, 5, 4));
    }

    @Test
    void shouldGiveTopicsOfOnePartitionToBrokersThatHaveLess() {
        ClusterSketch cluster = ClusterSketch.ofBrokers(1, 2, 3)
                .topic("a", List.of(List.of(1), List.of(2)))
                .topic("b", List.of(List.of(3, 1)));

        assertThat(place(cluster, 1, 1)).containsExactly(List.of(2));
    }

    @Test
    void shouldGoOnFromThePartitionsThatATopicHas() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
                .topic("t", List.of(List.of(1), List.of(2), List.of(1)))
                .situation();

        assertThat(Placement.place(situation, situation.image().topic("t"), 2, 1))
                .containsExactly(List.of(3), List.of(2));
    }

    @Test
    void shouldTakeBrokersThatGoOnlyWhenItMustAndNeverAsTheFirst() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3, 4).situation();
        situation = situation.with(situation
                .brokers()
                .with(1, Standing.FENCED)
                .with(2, Standing.SHUTTING_DOWN)
                .withDraining(3));

        assertThat(Placement.place(situation, null, 2, 1)).containsExactly(List.of(4), List.of(4));
        List<List<Integer>> placed = Placement.place(situation, null, 1, 4);
        assertThat(placed.get(0)).startsWith(4).containsExactlyInAnyOrder(1, 2, 3, 4);
        PartitionImage partition = Placement.partitions(situation, 7, placed, 2).get(0);
        assertThat(partition.index()).isEqualTo(7);
        assertThat(partition.leader()).isEqualTo(4);
        assertThat(partition.isr()).containsExactlyInAnyOrder(3, 4);
    }

    @Test
    void shouldRefuseMoreReplicasThanBrokers() {
        assertThatThrownBy(() -> place(ClusterSketch.ofBrokers(1, 2), 1, 3))
                .hasMessageContaining("Replication factor: 3 larger than available brokers: 2");
        Situation draining = ClusterSketch.ofBrokers(1).situation();
        assertThatThrownBy(
                        () -> Placement.place(draining.with(draining.brokers().withDraining(1)), null, 1, 1))
                .hasMessageContaining("None of the 1 brokers can lead");
    }

    @Test
    void shouldRefuseAssignmentsThatAreNone() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3).situation();
        Placement.requireAssignment(situation, List.of(List.of(2, 3), List.of(1, 2)), -1);

        for (List<List<Integer>> bad : List.of(
                List.of(List.<Integer>of()),
                List.of(List.of(1, 1)),
                List.of(List.of(1, 4)),
                List.of(List.of(1, 2), List.of(3)))) {
            assertThatThrownBy(() -> Placement.requireAssignment(situation, bad, -1))
                    .hasMessageContaining("not distinct live brokers of [1, 2, 3]");
        }
        assertThatThrownBy(() -> Placement.requireAssignment(situation, List.of(List.of(1)), 2))
                .hasMessageContaining("as many for every partition");
    }

    @Test
    void shouldRefusePartitionsThatNobodyCouldLead() {
        Situation situation = ClusterSketch.ofBrokers(1, 2).situation();
        Situation fenced = situation.with(situation.brokers().with(1, Standing.FENCED));

        assertThatThrownBy(() -> Placement.partitions(fenced, 0, List.of(List.of(1)), 1))
                .hasMessageContaining("None of the replicas [1] can lead");
    }

    private static List<List<Integer>> place(ClusterSketch cluster, int partitions, int factor) {
        return Placement.place(cluster.situation(), null, partitions, factor);
    }

    private static Map<Integer, Integer> leaders(List<List<Integer>> placed) {
        Map<Integer, Integer> leaders = new HashMap<>();
        placed.forEach(replicas -> leaders.merge(replicas.get(0), 1, Integer::sum));
        return leaders;
    }

    private static Map<Integer, Integer> replicas(List<List<Integer>> placed) {
        Map<Integer, Integer> counts = new HashMap<>();
        placed.forEach(replicas -> replicas.forEach(id -> counts.merge(id, 1, Integer::sum)));
        return counts;
    }
}
