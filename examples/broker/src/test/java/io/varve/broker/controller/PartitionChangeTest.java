// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.partition.TopicPartition;
import io.varve.coordination.tree.TreeOp;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartitionChangeTest {

    @Test
    void shouldWriteAStateOnlyOverTheOneThatWasLookedAt() {
        Situation situation = ClusterSketch.ofBrokers(2)
                .partition(1, List.of(1, 2), List.of(1, 2), List.of())
                .situation();

        List<TreeOp> operations = PartitionChange.operations(BrokerDecisions.absent(situation), 9);

        assertThat(operations).singleElement().isInstanceOfSatisfying(TreeOp.Set.class, set -> {
            assertThat(set.path()).isEqualTo("/brokers/topics/t/partitions/0/state");
            assertThat(set.expectedVersion()).isEqualTo(7);
            assertThat(new String(set.data(), StandardCharsets.UTF_8))
                    .isEqualTo("{\"controller_epoch\":9,\"leader\":2,\"version\":1,\"leader_epoch\":6,\"isr\":[2]}");
        });
    }

    @Test
    void shouldWriteTheAssignmentsOfATopicOnce() {
        Situation situation = ClusterSketch.ofBrokers(1, 2)
                .topic("t", List.of(List.of(1), List.of(1), List.of(1)))
                .situation();
        List<PartitionChange> changes = new ArrayList<>();
        for (int index : List.of(0, 2)) {
            changes.add(ReassignmentDecisions.begin(situation, new TopicPartition("t", index), List.of(2))
                    .orElseThrow());
        }

        List<TreeOp> operations = PartitionChange.operations(changes, 9);

        assertThat(operations).hasSize(3);
        assertThat(operations.get(2)).isInstanceOfSatisfying(TreeOp.Set.class, set -> {
            assertThat(set.path()).isEqualTo("/brokers/topics/t");
            assertThat(new String(set.data(), StandardCharsets.UTF_8))
                    .contains("\"partitions\":{\"0\":[2,1],\"1\":[1],\"2\":[2,1]}")
                    .contains("\"adding_replicas\":{\"0\":[2],\"2\":[2]}")
                    .contains("\"removing_replicas\":{\"0\":[1],\"2\":[1]}");
        });
    }
}
