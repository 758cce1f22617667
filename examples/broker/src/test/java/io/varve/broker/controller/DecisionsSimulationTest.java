// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
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
        int changes = 0;
        int uncleanElections = 0;
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
            changes += simulation.changes();
            uncleanElections += simulation.uncleanElections();
        }
        assertThat(changes).as("something happened").isGreaterThan((int) (last - first));
        assertThat(only != null || uncleanElections > 0)
                .as("the rare was reached")
                .isTrue();
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
