// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.controller.BalancePlan.Aim;
import io.varve.broker.controller.BalancePlan.Move;
import io.varve.broker.controller.BalancePlan.Throttle;
import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.TopicPartition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Plans that are carried out a few moves at a time, made anew each time, in clusters made by chance. */
class BalanceSimulationTest {

    private static final int SEEDS = 200;
    private static final int LARGEST = 1_000;
    private static final Aim AIM = new Aim(1.1);

    @Test
    void shouldComeToAnEndAFewMovesAtATime() {
        forEachSeed(Run::play);
    }

    @Test
    void shouldLeaveNothingToPlanWhenCarriedOutAtOnce() {
        forEachSeed(Run::playAtOnce);
    }

    private static void forEachSeed(Consumer<Run> play) {
        for (long seed = 0; seed < SEEDS; seed++) {
            try {
                play.accept(new Run(seed));
            } catch (AssertionError e) {
                throw new AssertionError("seed=" + seed + ": " + e.getMessage(), e);
            }
        }
    }

    private static final class Run {

        private final Random random;
        private final Map<TopicPartition, Long> sizes = new HashMap<>();
        private final Map<TopicPartition, Integer> copied = new HashMap<>();
        private final Set<Integer> drained = new LinkedHashSet<>();
        private Situation situation;
        private long copiedBytes;

        private Run(long seed) {
            random = new Random(seed);
            int before = 2 + random.nextInt(5);
            int racks = random.nextInt(4);
            ClusterSketch first = cluster(before, racks);
            ClusterSketch grown = cluster(before + random.nextInt(3), racks);
            for (String topic : List.of("a", "b")) {
                List<List<Integer>> placed =
                        Placement.place(first.situation(), null, 1 + random.nextInt(40), 1 + random.nextInt(before));
                grown.topic(topic, placed);
                for (int index = 0; index < placed.size(); index++) {
                    sizes.put(
                            new TopicPartition(topic, index),
                            random.nextInt(4) == 0 ? 0L : (long) random.nextInt(LARGEST));
                }
            }
            situation = grown.situation();
            if (random.nextBoolean()) {
                int id = 1 + random.nextInt(before);
                drained.add(id);
                situation = situation.with(situation.brokers().withDraining(id));
            }
        }

        private static ClusterSketch cluster(int brokers, int racks) {
            ClusterSketch cluster = new ClusterSketch();
            for (int id = 1; id <= brokers; id++) {
                cluster.broker(id, racks == 0 ? null : "r" + id % racks);
            }
            return cluster;
        }

        private void play() {
            Throttle throttle = new Throttle(1 + random.nextInt(4), 1 + random.nextInt(2_000));
            BalancePlan plan = plan();
            long first = plan.moves().stream().mapToLong(Move::bytes).sum();
            int bound = 3 * plan.moves().size() + 10;
            Map<TopicPartition, Integer> racks = racks();
            for (int round = 0; !plan.moves().isEmpty() || !plan.begun().isEmpty(); round++) {
                assertThat(round).as("rounds").isLessThan(bound);
                assertThat(plan.moves()).extracting(Move::partition).doesNotHaveDuplicates();
                List<Move> next = plan.next(throttle);
                assertThat(plan.begun().size() + next.size())
                        .isLessThanOrEqualTo(
                                Math.max(throttle.moves(), plan.begun().size()));
                next.forEach(this::begin);
                if (next.isEmpty() || random.nextBoolean()) {
                    completeSome();
                }
                plan = plan();
            }
            // Plans made on the way may differ from the first, but not at the cost of more copying.
            assertThat(copiedBytes).isLessThanOrEqualTo(first + LARGEST);
            assertThat(copied.values().stream().filter(count -> count > 1).count())
                    .as("partitions that were copied twice: " + copied)
                    .isLessThanOrEqualTo(1);
            racks().forEach((id, count) -> assertThat(count)
                    .as("racks of " + id)
                    .isGreaterThanOrEqualTo(drained.isEmpty() ? racks.getOrDefault(id, 0) : 1));
            for (int id : drained) {
                assertThat(BalancePlan.remaining(situation, id))
                        .as("left at " + id)
                        .containsExactlyInAnyOrderElementsOf(plan.obstacles().stream()
                                .map(BalancePlan.Obstacle::partition)
                                .toList());
            }
        }

        private void playAtOnce() {
            BalancePlan plan = plan();
            assertThat(plan.moves()).extracting(Move::partition).doesNotHaveDuplicates();
            plan.moves().forEach(this::begin);
            for (int again = 0; again < 100 && !plan().begun().isEmpty(); again++) {
                completeSome();
            }
            assertThat(plan().moves()).isEmpty();
            assertThat(plan().begun()).isEmpty();
        }

        private BalancePlan plan() {
            return BalancePlan.of(situation, id -> sizes.getOrDefault(id, 0L), AIM);
        }

        private void begin(Move move) {
            copiedBytes += move.bytes();
            if (move.bytes() > 0 || !Set.copyOf(move.from()).equals(Set.copyOf(move.to()))) {
                copied.merge(move.partition(), 1, Integer::sum);
            }
            write(ReassignmentDecisions.begin(situation, move.partition(), move.to())
                    .orElseThrow());
        }

        private void completeSome() {
            List<PartitionChange> completed = new ArrayList<>();
            for (TopicImage topic : situation.image().topics()) {
                for (PartitionImage partition : topic.partitions()) {
                    if (partition.assignment().isReassigning() && (completed.isEmpty() || random.nextBoolean())) {
                        completed.add(situation
                                .revise(topic, partition)
                                .inSync(partition.replicas())
                                .completed()
                                .because(PartitionChange.Reason.IN_SYNC_REPLICAS)
                                .orElseThrow());
                    }
                }
            }
            assertThat(completed).allMatch(PartitionChange::isReassignmentCompleted);
            completed.forEach(this::write);
        }

        private void write(PartitionChange change) {
            situation = situation.with(PartitionChange.apply(situation.image(), List.of(change)));
        }

        private Map<TopicPartition, Integer> racks() {
            Map<TopicPartition, Integer> racks = new HashMap<>();
            for (TopicImage topic : situation.image().topics()) {
                for (PartitionImage partition : topic.partitions()) {
                    Assignment assignment = partition.assignment();
                    Set<String> seen = new LinkedHashSet<>();
                    for (int replica : assignment.target()) {
                        BrokerState state = situation.brokers().find(replica);
                        seen.add(state == null ? "" : String.valueOf(state.rack()));
                    }
                    racks.put(new TopicPartition(topic.name(), partition.index()), seen.size());
                }
            }
            return racks;
        }
    }
}
