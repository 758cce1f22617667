// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("simulation")
class FetchersSimulationTest {

    private static final int SEEDS = Integer.getInteger("varve.seeds", 300);
    private static final int EVENTS = 400;

    @Test
    void shouldBringEverythingToEveryFollower() {
        int rareEvents = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            FetchersSimulation simulation = new FetchersSimulation(seed, 1 + seed % 7);
            try {
                simulation.run(EVENTS);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed=" + seed + ": " + e.getMessage(), e);
            }
            rareEvents += simulation.rareEvents();
        }

        assertThat(rareEvents).isGreaterThan(SEEDS);
    }
}
