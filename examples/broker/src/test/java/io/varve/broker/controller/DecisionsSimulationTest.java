// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Plays {@code -Dvarve.seeds=N} seeds, or with {@code -Dvarve.seed=N} the one whose number stands in a failure. Flags of the tests' JVM are
 * given as {@code -Dtest.jvm.flags=...}.
 */
class DecisionsSimulationTest {

    private static final int SEEDS = Integer.getInteger("varve.seeds", 300);
    private static final int STEPS = 300;

    @Test
    void shouldKeepCommittedRecordsElectableWhateverHappens() {
        Long only = Long.getLong("varve.seed");
        long first = only == null ? 1 : only;
        long last = only == null ? SEEDS : only;
        Map<String, Integer> reached = new TreeMap<>();
        for (long seed = first; seed <= last; seed++) {
            DecisionsSimulation simulation = new DecisionsSimulation(seed);
            try {
                for (int step = 0; step < STEPS; step++) {
                    simulation.step();
                }
                simulation.heal();
                assertWhole(simulation.situation());
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed=" + seed + ": " + e.getMessage(), e);
            }
            simulation.reached().forEach((what, count) -> reached.merge(what, count, Integer::sum));
        }
        if (only == null) {
            assertThat(reached)
                    .containsKeys(
                            DecisionsSimulation.UNCLEAN,
                            DecisionsSimulation.COMPLETED,
                            DecisionsSimulation.FROM_ELIGIBLE);
            assertThat(reached.keySet())
                    .containsAll(Stream.of(PartitionChange.Reason.values())
                            .map(Enum::name)
                            .toList());
        }
    }

    private static void assertWhole(Situation situation) {
        for (TopicImage topic : situation.image().topics()) {
            for (PartitionImage partition : topic.partitions()) {
                assertThat(partition.assignment().isReassigning())
                        .as("%s", partition)
                        .isFalse();
                assertThat(partition.isr()).containsExactlyInAnyOrderElementsOf(partition.replicas());
                assertThat(partition.leader()).isEqualTo(partition.replicas().get(0));
                assertThat(partition.eligible()).isEmpty();
            }
        }
    }
}
