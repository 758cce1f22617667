// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Whole quorums under all kinds of misfortune; {@link Ledger} says what must hold.
 *
 * <p>{@code -Dvarve.seeds=N} sets how many seeds are run, {@code -Dvarve.seed=S} runs one and prints what happens.
 */
@Tag("simulation")
class QuorumSimulationTest {

    private static final int SEEDS = Integer.getInteger("varve.seeds", 600);
    private static final long ONE_SEED = Long.getLong("varve.seed", -1);
    private static final long CHAOS_NS = 15_000 * Simulation.MS;

    private final Map<Rare, Integer> seen = new EnumMap<>(Rare.class);

    @Test
    void shouldKeepItsPromisesUnderAnyMisfortune() {
        if (ONE_SEED >= 0) {
            run(ONE_SEED, Swarm.of(new Random(ONE_SEED)), Bug.NONE);
            return;
        }
        for (long seed = 0; seed < SEEDS; seed++) {
            run(seed, Swarm.of(new Random(seed)), Bug.NONE);
        }

        assertThat(seen.keySet())
                .as("what was never seen proves nothing: %s", seen)
                .contains(Rare.values());
    }

    private Simulation run(long seed, Swarm swarm, Bug bug) {
        Simulation simulation = new Simulation(new Random(seed), swarm, bug, ONE_SEED >= 0);
        try {
            simulation.run(CHAOS_NS);
        } catch (RuntimeException | AssertionError e) {
            simulation.notes().forEach(System.out::println);
            throw new AssertionError(
                    "seed " + seed + ", " + swarm + ": " + e + "\nagain: mvn -pl coordination -am test"
                            + " -Dtest=QuorumSimulationTest -Dsurefire.failIfNoSpecifiedTests=false -Dvarve.seed="
                            + seed,
                    e);
        }
        simulation.notes().forEach(System.out::println);
        simulation.seen().forEach((rare, count) -> seen.merge(rare, count, Integer::sum));
        return simulation;
    }
}
