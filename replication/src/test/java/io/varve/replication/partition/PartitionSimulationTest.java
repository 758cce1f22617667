// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whole partitions under all kinds of misfortune; {@link Ledger} says what must hold.
 *
 * <p>{@code -Dvarve.seeds=N} sets how many seeds are run (the profile {@code partition-seeds} runs 100,000), {@code -Dvarve.seed=S} runs one
 * and prints what happens.
 */
@Tag("simulation")
class PartitionSimulationTest {

    private static final int SEEDS = Integer.getInteger("varve.seeds", 600);
    private static final int POWER_SEEDS = Integer.getInteger("varve.power.seeds", 300);
    private static final long ONE_SEED = Long.getLong("varve.seed", -1);
    private static final long CHAOS_NS = 10_000 * Simulation.MS;

    @Test
    void shouldKeepItsPromisesUnderAnyMisfortune() {
        if (ONE_SEED >= 0) {
            run(ONE_SEED, Swarm.of(new Random(ONE_SEED)), Bug.NONE);
            return;
        }
        Map<Rare, Integer> seen = new EnumMap<>(Rare.class);
        for (long seed = 0; seed < SEEDS; seed++) {
            run(seed, Swarm.of(new Random(seed)), Bug.NONE)
                    .seen()
                    .forEach((rare, count) -> seen.merge(rare, count, Integer::sum));
        }

        assertThat(seen.keySet())
                .as("what was never seen proves nothing: %s", seen)
                .contains(Rare.values());
    }

    @Test
    void shouldLoseNothingThatWasForcedWhenPowerIsLost() {
        int acknowledged = 0;
        int tails = 0;
        for (long seed = 0; seed < POWER_SEEDS; seed++) {
            Simulation simulation = run(seed, Swarm.ofPowerLosses(new Random(seed)), Bug.NONE);
            acknowledged += simulation.ledger.acknowledgements();
            tails += simulation.seen().getOrDefault(Rare.UNFORCED_TAIL_LOST, 0);
            assertThat(simulation.seen()).doesNotContainKey(Rare.OPERATOR_ELECTED);
        }

        assertThat(acknowledged).isGreaterThan(50 * POWER_SEEDS);
        assertThat(tails).as("lost what was not forced").isPositive();
    }

    @Test
    void shouldBeLedThroughManyHandovers() {
        int moved = 0;
        int fenced = 0;
        for (long seed = 0; seed < SEEDS / 3; seed++) {
            Map<Rare, Integer> seen =
                    run(seed, Swarm.ofHandovers(new Random(seed)), Bug.NONE).seen();
            moved += seen.getOrDefault(Rare.LEADER_MOVED, 0);
            fenced += seen.getOrDefault(Rare.FENCED_FETCH, 0);
        }

        assertThat(moved).isGreaterThan(SEEDS / 3);
        assertThat(fenced).isPositive();
    }

    @Test
    void shouldRunEquallyUnderEqualSeeds() {
        for (long seed = 0; seed < 5; seed++) {
            long first = run(seed, Swarm.of(new Random(seed)), Bug.NONE).trace();
            long second = run(seed, Swarm.of(new Random(seed)), Bug.NONE).trace();
            long other = run(seed + 1, Swarm.of(new Random(seed + 1)), Bug.NONE).trace();

            assertThat(second).isEqualTo(first).isNotEqualTo(other);
        }
    }

    /** Those that a transcript finds are in {@link PartitionScenarioTest}. */
    @ParameterizedTest
    @EnumSource(
            names = {
                "COUNTS_ONLY_WHO_WAS_DECIDED",
                "IGNORES_MIN_IN_SYNC",
                "EXPANDS_TOO_EARLY",
                "NEVER_DIVERGES",
                "TRUNCATES_TO_HIGH_WATERMARK",
                "ACKNOWLEDGES_BEFORE_FORCE",
                "CLAIMS_TO_HAVE_KEPT_ALL"
            })
    void shouldFindWhatIsWrong(Bug bug) {
        assertThatThrownBy(() -> {
                    for (long seed = 0; seed < 300; seed++) {
                        run(seed, Swarm.of(new Random(seed)), bug);
                    }
                })
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("again: ");
    }

    private static Simulation run(long seed, Swarm swarm, Bug bug) {
        Simulation simulation = new Simulation(new Random(seed), swarm, bug, ONE_SEED >= 0);
        try {
            simulation.run(CHAOS_NS);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(
                    "seed " + seed + ", " + swarm + ", bug " + bug + ": " + e + "\nagain: mvn -pl replication -am test"
                            + " -Dtest=PartitionSimulationTest -Dsurefire.failIfNoSpecifiedTests=false -Dvarve.seed="
                            + seed,
                    e);
        } finally {
            simulation.notes().forEach(System.out::println);
        }
        return simulation;
    }
}
