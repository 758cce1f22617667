// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.broker.controller.InSyncDecisions.Leader;
import io.varve.broker.controller.InSyncDecisions.Member;
import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.PartitionState;
import io.varve.broker.metadata.Successors;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class InSyncDecisionsTest {

    private static final List<Integer> ALL = List.of(1, 2, 3);
    private static final UUID T = ClusterSketch.id("t");
    private static final Leader LEADER = new Leader(1, 101, 5, 7);

    private final Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
            .rules(2, false)
            .partition(1, ALL, List.of(1, 2), List.of())
            .situation();

    @Test
    void shouldLetAReplicaJoin() {
        assertThat(alter(LEADER, member(1), member(2), member(3)))
                .isEqualTo("partition=t-0, isr=[1, 2]->[1, 2, 3], reason=IN_SYNC_REPLICAS");
    }

    @Test
    void shouldKeepWhoeverLeavesEligibleWhileTooFewAreInSync() {
        assertThat(alter(LEADER, member(1)))
                .isEqualTo("partition=t-0, isr=[1, 2]->[1], elr=[]->[2], reason=IN_SYNC_REPLICAS");
    }

    @Test
    void shouldHaveNobodyEligibleOnceEnoughAreInSync() {
        Situation few = ClusterSketch.ofBrokers(1, 2, 3)
                .rules(2, false)
                .partition(1, ALL, List.of(1), List.of(2))
                .situation();

        assertThat(alter(few, LEADER, member(1), member(3)))
                .isEqualTo("partition=t-0, isr=[1]->[1, 3], elr=[2]->[], reason=IN_SYNC_REPLICAS");
    }

    @Test
    void shouldMakeCopiesVoidOfWhatIsSoAlready() {
        PartitionChange change = InSyncDecisions.alter(situation, T, 0, LEADER, List.of(member(2), member(1)), false);

        assertThat(change.after().state()).isEqualTo(change.before().state());
        assertThat(change.after().partitionEpoch()).isEqualTo(8);
    }

    @Test
    void shouldLeaveTheEndOfAReassignmentToTheController() {
        Situation reassigning = ClusterSketch.ofBrokers(1, 2, 3)
                .partition(
                        new Assignment(List.of(3, 1, 2), List.of(3), List.of(2)),
                        new PartitionState(1, 5, List.of(1, 2), Successors.NONE, 1, false))
                .situation();

        PartitionChange change =
                InSyncDecisions.alter(reassigning, T, 0, LEADER, List.of(member(1), member(2), member(3)), false);

        assertThat(change.describe()).isEqualTo("partition=t-0, isr=[1, 2]->[1, 2, 3], reason=IN_SYNC_REPLICAS");
        assertThat(PartitionChange.operations(List.of(change), 1)).hasSize(1);
    }

    @Test
    void shouldFenceAnOldRegistrationOfTheLeader() {
        assertRefused(ErrorCode.STALE_BROKER_EPOCH, new Leader(1, 100, 5, 7), member(1));
        assertRefused(ErrorCode.STALE_BROKER_EPOCH, new Leader(9, 109, 5, 7), member(1));
    }

    @Test
    void shouldSayWhichEpochIsOld() {
        assertRefused(ErrorCode.FENCED_LEADER_EPOCH, new Leader(1, 101, 4, 7), member(1));
        assertRefused(ErrorCode.INVALID_UPDATE_VERSION, new Leader(1, 101, 5, 6), member(1));
        assertRefused(ErrorCode.INVALID_REQUEST, new Leader(2, 102, 5, 7), member(2));
    }

    @Test
    void shouldStepBackBeforeALeaderThatKnowsMore() {
        assertRefused(ErrorCode.NOT_CONTROLLER, new Leader(1, 101, 6, 7), member(1));
        assertRefused(ErrorCode.NOT_CONTROLLER, new Leader(1, 101, 5, 8), member(1));
    }

    @Test
    void shouldRefuseWhatAreNoReplicasWithTheLeader() {
        assertRefused(ErrorCode.INVALID_REQUEST, LEADER, member(2));
        assertRefused(ErrorCode.INVALID_REQUEST, LEADER, member(1), member(1));
        assertRefused(ErrorCode.INVALID_REQUEST, LEADER, member(1), member(4));
        assertRefused(ErrorCode.INVALID_REQUEST, LEADER);
    }

    @Test
    void shouldRefuseUnknownPartitions() {
        assertThatThrownBy(() -> InSyncDecisions.alter(situation, UUID.randomUUID(), 0, LEADER, List.of(), false))
                .matches(failure -> is(failure, ErrorCode.UNKNOWN_TOPIC_ID));
        assertThatThrownBy(() -> InSyncDecisions.alter(situation, T, 1, LEADER, List.of(), false))
                .matches(failure -> is(failure, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION));
    }

    @Test
    void shouldNotLetAReplicaJoinWithAnOldRegistration() {
        assertRefused(ErrorCode.INELIGIBLE_REPLICA, LEADER, member(1), member(2), new Member(3, 102));
        assertThat(alter(LEADER, member(1), member(2), new Member(3, Member.ANY_EPOCH)))
                .isNotEmpty();
    }

    @Test
    void shouldNotLetABrokerJoinThatIsFencedOrShutsDown() {
        for (Standing standing : List.of(Standing.FENCED, Standing.SHUTTING_DOWN)) {
            Situation going = situation.with(situation.brokers().with(3, standing));
            assertRefused(going, ErrorCode.INELIGIBLE_REPLICA, LEADER, member(1), member(2), member(3));
        }
    }

    @Test
    void shouldLetALeaderShrinkBesideABrokerThatShutsDown() {
        Situation three = ClusterSketch.ofBrokers(1, 2, 3)
                .partition(1, ALL, ALL, List.of())
                .situation();
        Situation going = three.with(three.brokers().with(2, Standing.SHUTTING_DOWN));

        assertThat(alter(going, LEADER, member(1), member(2)))
                .isEqualTo("partition=t-0, isr=[1, 2, 3]->[1, 2], reason=IN_SYNC_REPLICAS");
    }

    @Test
    void shouldLetALeaderRecoverBeforeOthersJoin() {
        PartitionState state = new PartitionState(1, 5, List.of(1), Successors.NONE, 1, true);
        Situation recovering = ClusterSketch.ofBrokers(1, 2, 3)
                .partition(Assignment.of(ALL), state)
                .situation();

        assertThatThrownBy(() -> InSyncDecisions.alter(recovering, T, 0, LEADER, List.of(member(1), member(2)), true))
                .matches(failure -> is(failure, ErrorCode.INVALID_REQUEST));
        assertThatThrownBy(() -> InSyncDecisions.alter(situation, T, 0, LEADER, List.of(member(1)), true))
                .matches(failure -> is(failure, ErrorCode.INVALID_REQUEST));
        PartitionChange recovered = InSyncDecisions.alter(recovering, T, 0, LEADER, List.of(member(1)), false);
        assertThat(recovered.after().state().isRecovering()).isFalse();
        assertThat(recovered.isUnclean()).isFalse();
    }

    @Test
    void shouldForgetWhoWasEligibleWhenEnoughAreInSyncByANewRule() {
        ClusterSketch cluster =
                ClusterSketch.ofBrokers(1, 2, 3).rules(2, false).partition(1, ALL, List.of(1), List.of(2));
        Situation asksForTwo = cluster.situation();
        Situation asksForOne =
                new Situation(asksForTwo.image(), asksForTwo.brokers(), name -> new TopicRules(1, false));

        assertThat(InSyncDecisions.minInSync(asksForTwo)).isEmpty();
        List<PartitionChange> changes = InSyncDecisions.minInSync(asksForOne);
        assertThat(changes)
                .extracting(PartitionChange::describe)
                .containsExactly("partition=t-0, elr=[2]->[], minInSync=2->1, reason=MIN_IN_SYNC_REPLICAS");
        assertThat(InSyncDecisions.minInSync(asksForOne.with(PartitionChange.apply(asksForOne.image(), changes))))
                .isEmpty();
    }

    @Test
    void shouldGoByTheNumberThatTheStateSays() {
        Situation asksForOne = new Situation(situation.image(), situation.brokers(), name -> new TopicRules(1, false));

        assertThat(alter(asksForOne, LEADER, member(1)))
                .isEqualTo("partition=t-0, isr=[1, 2]->[1], elr=[]->[2], reason=IN_SYNC_REPLICAS");
    }

    private static Member member(int id) {
        return new Member(id, 100 + id);
    }

    private String alter(Leader leader, Member... isr) {
        return alter(situation, leader, isr);
    }

    private static String alter(Situation situation, Leader leader, Member... isr) {
        return InSyncDecisions.alter(situation, T, 0, leader, List.of(isr), false)
                .describe();
    }

    private void assertRefused(ErrorCode error, Leader leader, Member... isr) {
        assertRefused(situation, error, leader, isr);
    }

    private static void assertRefused(Situation situation, ErrorCode error, Leader leader, Member... isr) {
        assertThatThrownBy(() -> alter(situation, leader, isr)).matches(failure -> is(failure, error), error.name());
    }

    private static boolean is(Throwable failure, ErrorCode error) {
        return failure instanceof RequestException refused && refused.error() == error;
    }
}
