// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.broker.controller.BalancePlan.Move;
import io.varve.broker.controller.BalancePlan.Reason;
import io.varve.broker.controller.BalancePlan.Throttle;
import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.PartitionState;
import io.varve.broker.partition.TopicPartition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class BalancePlanTest {

    private static final BalancePlan.Aim AIM = new BalancePlan.Aim(1.1);

    @Test
    void shouldGiveAJoiningBrokerItsShareOfBytesAndLeaders() {
        Situation three = ClusterSketch.ofBrokers(1, 2, 3).situation();
        List<List<Integer>> assignment = Placement.place(three, null, 300, 2);
        Situation situation =
                ClusterSketch.ofBrokers(1, 2, 3, 4).topic("t", assignment).situation();

        BalancePlan plan = BalancePlan.of(situation, partition -> 1_000, AIM);

        List<List<Integer>> after = new ArrayList<>(assignment);
        plan.moves().forEach(move -> after.set(move.partition().index(), move.to()));
        assertThat(counts(after, replicas -> replicas))
                .allSatisfy((id, count) -> assertThat(count).isBetween(136, 165));
        assertThat(counts(after, replicas -> replicas.subList(0, 1)))
                .allSatisfy((id, count) -> assertThat(count).isBetween(68, 82));
        assertThat(copies(plan))
                .as("nothing is copied but what the new one gets")
                .isBetween(136L, 150L);
    }

    @Test
    void shouldLeaveWhatIsNearlyEven() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
                .topic("t", Placement.place(ClusterSketch.ofBrokers(1, 2, 3).situation(), null, 31, 2))
                .situation();

        assertThat(BalancePlan.of(situation, partition -> 5, AIM).moves()).isEmpty();
    }

    @Test
    void shouldMoveByBytesAndNotByNumber() {
        Situation situation = ClusterSketch.ofBrokers(1, 2)
                .topic("big", List.of(List.of(1), List.of(1)))
                .topic("small", Collections.nCopies(2, List.of(2)))
                .situation();

        BalancePlan plan =
                BalancePlan.of(situation, partition -> partition.topic().equals("big") ? 1_000 : 1, AIM);

        assertThat(plan.moves())
                .containsExactly(new Move(new TopicPartition("big", 0), List.of(1), List.of(2), 1_000, Reason.BYTES));
    }

    @Test
    void shouldMoveLeadersWithoutCopying() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
                .topic(
                        "t",
                        List.of(
                                List.of(1, 2),
                                List.of(1, 2),
                                List.of(1, 2),
                                List.of(2, 3),
                                List.of(2, 3),
                                List.of(3, 1)))
                .situation();

        BalancePlan plan = BalancePlan.of(situation, partition -> 0, new BalancePlan.Aim(1.4));

        assertThat(plan.moves())
                .as("1 hands on to 2, and 2 to 3")
                .containsExactlyInAnyOrder(
                        new Move(new TopicPartition("t", 0), List.of(1, 2), List.of(2, 1), 0, Reason.LEADERS),
                        new Move(new TopicPartition("t", 3), List.of(2, 3), List.of(3, 2), 0, Reason.LEADERS));
    }

    @Test
    void shouldKeepRacksSpread() {
        Situation situation = new ClusterSketch()
                .broker(1, "a")
                .broker(2, "a")
                .broker(3, "b")
                .topic("t", List.of(List.of(1, 3), List.of(3, 1), List.of(1, 3), List.of(3, 1)))
                .situation();

        BalancePlan plan = BalancePlan.of(situation, partition -> 100, AIM);

        assertThat(plan.moves()).isNotEmpty().allSatisfy(move -> assertThat(move.to())
                .contains(3));
    }

    @Test
    void shouldEmptyABrokerAndSayWhatItCannot() {
        Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
                .topic("t", List.of(List.of(1, 2), List.of(2, 3), List.of(1, 2, 3)))
                .situation();
        situation = situation.with(situation.brokers().withDraining(1));

        BalancePlan plan = BalancePlan.of(situation, partition -> 10, AIM);

        assertThat(plan.moves())
                .contains(new Move(new TopicPartition("t", 0), List.of(1, 2), List.of(3, 2), 10, Reason.DRAIN));
        assertThat(plan.obstacles()).singleElement().satisfies(obstacle -> {
            assertThat(obstacle.partition()).isEqualTo(new TopicPartition("t", 2));
            assertThat(obstacle.cause()).contains("brokers=[2, 3]").contains("add a broker");
        });
        assertThat(BalancePlan.remaining(situation, 1))
                .containsExactly(new TopicPartition("t", 0), new TopicPartition("t", 2));
    }

    @Test
    void shouldEmptyABrokerThatIsNotThere() {
        Situation situation =
                ClusterSketch.ofBrokers(2, 3).topic("t", List.of(List.of(2, 1))).situation();
        situation = situation.with(situation.brokers().withDraining(1));

        assertThat(BalancePlan.of(situation, partition -> 10, AIM).moves())
                .containsExactly(new Move(new TopicPartition("t", 0), List.of(2, 1), List.of(2, 3), 10, Reason.DRAIN));
    }

    @Test
    void shouldCountMovesUnderWayAsDone() {
        Situation situation = ClusterSketch.ofBrokers(1, 2)
                .partition(
                        new Assignment(List.of(2, 1), List.of(2), List.of(1)), PartitionState.first(1, List.of(1), 1))
                .situation();

        BalancePlan plan = BalancePlan.of(situation, partition -> 10, AIM);

        assertThat(plan.begun())
                .containsExactly(new Move(new TopicPartition("t", 0), List.of(1), List.of(2), 10, Reason.UNDER_WAY));
        assertThat(plan.moves()).isEmpty();
    }

    @Test
    void shouldBeginAsMuchAsTheThrottleLets() {
        List<Move> moves = List.of(move(0, 50), move(1, 40), move(2, 10), move(3, 0));
        BalancePlan idle = new BalancePlan(moves, List.of(), List.of());
        BalancePlan busy = new BalancePlan(moves, List.of(), List.of(move(9, 15)));
        BalancePlan again = new BalancePlan(moves, List.of(), List.of(move(1, 40)));

        assertThat(idle.next(new Throttle(3, 1_000))).isEqualTo(moves.subList(0, 3));
        assertThat(idle.next(new Throttle(9, 90))).isEqualTo(moves.subList(0, 2));
        assertThat(idle.next(new Throttle(9, 1))).as("at least one").isEqualTo(moves.subList(0, 1));
        assertThat(busy.next(new Throttle(9, 64))).isEmpty();
        assertThat(busy.next(new Throttle(1, 1_000))).isEmpty();
        assertThat(again.next(new Throttle(1, 1))).as("another target").containsExactly(moves.get(1));
    }

    @Test
    void shouldRefuseAimsAndThrottlesThatAreNone() {
        assertThatThrownBy(() -> new BalancePlan.Aim(1)).hasMessageContaining("mostRatio=1.0");
        assertThatThrownBy(() -> new Throttle(0, 1)).hasMessageContaining("moves=0");
    }

    private static Move move(int index, long bytes) {
        return new Move(new TopicPartition("t", index), List.of(1), List.of(2), bytes, Reason.BYTES);
    }

    private static long copies(BalancePlan plan) {
        return plan.moves().stream().mapToLong(Move::bytes).sum() / 1_000;
    }

    private static Map<Integer, Integer> counts(List<List<Integer>> assignment, UnaryOperator<List<Integer>> counted) {
        Map<Integer, Integer> counts = new TreeMap<>();
        assignment.forEach(replicas -> counted.apply(replicas).forEach(id -> counts.merge(id, 1, Integer::sum)));
        return counts;
    }
}
