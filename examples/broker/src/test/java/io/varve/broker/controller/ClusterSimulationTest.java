// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.replication.partition.Rare;
import io.varve.replication.partition.Simulation;
import io.varve.replication.partition.Swarm;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Brokers, their disks, clients and the network between them as in the simulation of partitions, and over them the decisions that a real
 * cluster is led by: elections, reassignments, hand-overs, replicas in sync. What must hold is the same: what was acknowledged is never lost.
 *
 * <p>{@code -Dtest.jvm.flags=-Dvarve.seeds=N} sets how many seeds are run, {@code -Dtest.jvm.flags=-Dvarve.seed=S} runs one and prints what
 * happens.
 */
@Tag("simulation")
class ClusterSimulationTest {

    private static final int SEEDS = Integer.getInteger("varve.seeds", 1000);
    private static final long ONE_SEED = Long.getLong("varve.seed", -1);
    private static final long CHAOS_NS = 10_000 * Simulation.MS;

    /** No topic is configured anew, no log fails, and the operator is needed too rarely. */
    private static final Set<PartitionChange.Reason> NOT_HERE = EnumSet.of(
            PartitionChange.Reason.MIN_IN_SYNC_REPLICAS,
            PartitionChange.Reason.LOG_FAILED,
            PartitionChange.Reason.ELECTION_ASKED_FOR);

    private final Map<String, Integer> reached = new TreeMap<>();
    private final Map<Rare, Integer> seen = new EnumMap<>(Rare.class);

    @Test
    void shouldKeepItsPromisesUnderAnyMisfortune() {
        if (ONE_SEED >= 0) {
            run(ONE_SEED, false);
            return;
        }
        for (long seed = 0; seed < SEEDS; seed++) {
            run(seed, false);
        }

        assertThat(seen.keySet())
                .as("what was never seen proves nothing: %s", seen)
                .contains(
                        Rare.ELIGIBLE_ELECTED,
                        Rare.SESSION_EXPIRED,
                        Rare.ISR_EXPANDED,
                        Rare.ISR_SHRUNK,
                        Rare.PROPOSAL_STALE,
                        Rare.PROPOSAL_INELIGIBLE,
                        Rare.TRUNCATED,
                        Rare.ACKNOWLEDGED,
                        Rare.READ_FROM_FOLLOWER,
                        Rare.POWER_CUT,
                        Rare.DISK_WIPED);
        for (PartitionChange.Reason reason : PartitionChange.Reason.values()) {
            if (!NOT_HERE.contains(reason)) {
                assertThat(reached).as("%s", reached).containsKey(reason.name());
            }
        }
        assertThat(reached).containsKeys(DecidingController.UNCLEAN, DecidingController.COMPLETED);
    }

    @Test
    void shouldFindAControllerThatBelievesTooMuch() {
        assertThatThrownBy(() -> {
                    for (long seed = 0; seed < 300; seed++) {
                        run(seed, true);
                    }
                })
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("does not hold what is committed");
    }

    private void run(long seed, boolean believes) {
        DecidingController[] controller = new DecidingController[1];
        Random random = new Random(seed);
        Swarm swarm = Swarm.of(random);
        Simulation simulation = new Simulation(
                random,
                swarm,
                (of, brokers) -> controller[0] = new DecidingController(of, brokers, believes),
                ONE_SEED >= 0);
        try {
            simulation.run(CHAOS_NS);
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError(
                    "seed " + seed + ", " + swarm + ": " + e + "\nagain: mvn -pl examples/broker -am test"
                            + " -Dtest=ClusterSimulationTest -Dsurefire.failIfNoSpecifiedTests=false -Dtest.jvm.flags=-Dvarve.seed="
                            + seed,
                    e);
        } finally {
            simulation.notes().forEach(System.out::println);
        }
        controller[0].reached().forEach((what, count) -> reached.merge(what, count, Integer::sum));
        simulation.seen().forEach((what, count) -> seen.merge(what, count, Integer::sum));
    }
}
