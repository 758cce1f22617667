// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

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
 * Whole quorums under all kinds of misfortune; {@link Ledger} says what must hold.
 *
 * <p>{@code -Dvarve.seeds=N} sets how many seeds are run (the profile {@code quorum-seeds} runs 100,000), {@code -Dvarve.seed=S} runs one
 * and prints what happens.
 */
@Tag("simulation")
class QuorumSimulationTest {

    private static final int SEEDS = Integer.getInteger("varve.seeds", 600);
    private static final int POWER_CUT_SEEDS = Integer.getInteger("varve.power.seeds", 1000);
    private static final long ONE_SEED = Long.getLong("varve.seed", -1);
    private static final long CHAOS_NS = 15_000 * Simulation.MS;

    @Test
    void shouldKeepItsPromisesUnderAnyMisfortune() {
        if (ONE_SEED >= 0) {
            run(ONE_SEED, Swarm.of(new Random(ONE_SEED)), Bug.NONE, CHAOS_NS);
            return;
        }
        Map<Rare, Integer> seen = new EnumMap<>(Rare.class);
        for (long seed = 0; seed < SEEDS; seed++) {
            run(seed, Swarm.of(new Random(seed)), Bug.NONE, CHAOS_NS)
                    .seen()
                    .forEach((rare, count) -> seen.merge(rare, count, Integer::sum));
        }

        assertThat(seen.keySet())
                .as("what was never seen proves nothing: %s", seen)
                .contains(Rare.values());
    }

    @Test
    void shouldLoseNoAcknowledgedWriteWhenAllPowerIsCut() {
        int acknowledged = 0;
        int cuts = 0;
        int tails = 0;
        for (long seed = 0; seed < POWER_CUT_SEEDS; seed++) {
            Simulation simulation = run(seed, Swarm.ofPowerCuts(new Random(seed)), Bug.NONE, CHAOS_NS / 3);
            acknowledged += simulation.ledger.acknowledgements();
            cuts += simulation.seen().getOrDefault(Rare.POWER_CUT, 0);
            tails += simulation.seen().getOrDefault(Rare.UNFORCED_TAIL_LOST, 0);
        }

        assertThat(acknowledged).isGreaterThan(100 * POWER_CUT_SEEDS);
        assertThat(cuts).isGreaterThan(POWER_CUT_SEEDS / 4);
        assertThat(tails).as("lost what was not forced").isPositive();
    }

    @Test
    void shouldBeLedThroughManyElections() {
        int elections = 0;
        for (long seed = 0; seed < SEEDS / 10; seed++) {
            elections += run(seed, Swarm.ofElections(new Random(seed)), Bug.NONE, CHAOS_NS)
                    .seen()
                    .getOrDefault(Rare.LEADER_ELECTED, 0);
        }

        assertThat(elections).isGreaterThan(SEEDS / 10);
    }

    @Test
    void shouldRunEquallyUnderEqualSeeds() {
        for (long seed = 0; seed < 5; seed++) {
            long first =
                    run(seed, Swarm.of(new Random(seed)), Bug.NONE, CHAOS_NS).trace();
            long second =
                    run(seed, Swarm.of(new Random(seed)), Bug.NONE, CHAOS_NS).trace();
            long other = run(seed + 1, Swarm.of(new Random(seed + 1)), Bug.NONE, CHAOS_NS)
                    .trace();

            assertThat(second).isEqualTo(first).isNotEqualTo(other);
        }
    }

    /** Those that a transcript finds are in {@link QuorumScenarioTest}. */
    @ParameterizedTest
    @EnumSource(names = {"ACKNOWLEDGES_BEFORE_FORCE", "NEVER_TRUNCATES"})
    void shouldFindWhatIsWrong(Bug bug) {
        assertThatThrownBy(() -> {
                    for (long seed = 0; seed < 100; seed++) {
                        run(seed, Swarm.of(new Random(seed)), bug, CHAOS_NS);
                    }
                })
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("again: ");
    }

    private static Simulation run(long seed, Swarm swarm, Bug bug, long chaosNs) {
        Simulation simulation = new Simulation(new Random(seed), swarm, bug, ONE_SEED >= 0);
        try {
            simulation.run(chaosNs);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(
                    "seed " + seed + ", " + swarm + ", bug " + bug + ": " + e + "\nagain: mvn -pl coordination -am test"
                            + " -Dtest=QuorumSimulationTest -Dsurefire.failIfNoSpecifiedTests=false -Dvarve.seed="
                            + seed,
                    e);
        } finally {
            simulation.notes().forEach(System.out::println);
        }
        return simulation;
    }
}
