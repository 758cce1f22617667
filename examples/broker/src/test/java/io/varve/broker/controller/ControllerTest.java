// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static io.varve.broker.controller.TestBrokers.done;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.TreeLayout;
import io.varve.broker.partition.TopicPartition;
import io.varve.replication.partition.IsrProposal;
import io.varve.replication.partition.LastEnd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ControllerTest {

    private static final TopicPartition T = new TopicPartition("t", 0);
    private static final TopicPartition U = new TopicPartition("u", 0);
    private static final Map<String, String> TWO = Map.of("min.insync.replicas", "2");

    private final TestBrokers brokers = new TestBrokers();

    @AfterEach
    void close() {
        brokers.close();
    }

    @Test
    void shouldLetAnotherReplicaLeadWhenTheLeaderIsLost() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(2, 3, 1)));
        int epoch = brokers.partition(T).leaderEpoch();

        brokers.kill(2);

        brokers.await(T, 3, 1, 3);
        assertThat(brokers.partition(T).leaderEpoch()).isEqualTo(epoch + 1);
    }

    @Test
    void shouldDoWhatTheLostControllerWouldHave() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(1, 2, 3)));
        assertThat(brokers.image().controllerId()).isEqualTo(1);

        brokers.kill(1);

        brokers.await(T, 2, 2, 3);
    }

    @Test
    void shouldMissTwoBrokersAtOnce() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(2, 3, 1)), TWO);
        brokers.create("u", List.of(List.of(3, 2), List.of(3, 1)), TWO);

        brokers.kill(2, 3);

        brokers.await(T, 1, 1);
        brokers.await(U, ClusterImage.NOBODY);
        assertThat(brokers.partition(U).eligible()).containsExactlyInAnyOrder(2, 3);
        brokers.await(new TopicPartition("u", 1), 1, 1);
        brokers.start(3);
        brokers.await(U, 3, 3);
    }

    @Test
    void shouldLetABrokerLeadAgainThatAloneHasAReplica() {
        brokers.start(1, 2);
        brokers.create("t", List.of(List.of(2)));
        brokers.kill(2);
        brokers.await(T, ClusterImage.NOBODY);

        brokers.start(2, LastEnd.UNKNOWN);

        brokers.await(T, 2, 2);
    }

    @Test
    void shouldLetWhoeverIsWholeLeadFirstWhenAllWereKilled() {
        brokers.start(1, 2);
        brokers.create("t", List.of(List.of(1, 2)));
        int epoch = brokers.partition(T).leaderEpoch();
        brokers.kill(1, 2);

        brokers.start(1, LastEnd.PROCESS_DEATH);

        brokers.await(T, 1, 1);
        assertThat(brokers.partition(T).leaderEpoch()).isGreaterThan(epoch);
    }

    @Test
    void shouldWaitForTheOtherWhenTheFirstToReturnMayHaveLostRecords() {
        brokers.start(1, 2);
        brokers.create("t", List.of(List.of(1, 2)));
        brokers.kill(1, 2);

        brokers.start(1, LastEnd.UNKNOWN);
        brokers.await(T, ClusterImage.NOBODY);
        assertThat(brokers.partition(T).eligible()).containsExactly(2);

        brokers.start(2, LastEnd.PROCESS_DEATH);
        brokers.await(T, 2, 2);
    }

    @Test
    void shouldLetTheLastLeaderLeadWhenAllMayHaveLostRecords() {
        brokers.start(1, 2);
        brokers.create("t", List.of(List.of(1, 2)));
        brokers.kill(1, 2);

        brokers.start(2, LastEnd.UNKNOWN);
        brokers.await(T, ClusterImage.NOBODY);
        brokers.start(1, LastEnd.UNKNOWN);

        brokers.await(T, 1, 1);
        assertThat(brokers.partition(T).state().isRecovering()).isTrue();
    }

    @Test
    void shouldTakeABrokerOutThatReturnsBeforeItsAbsenceIsNoticed() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(2, 3)));
        TestBrokers.TestBroker controller = brokers.controller();
        controller.session.cut(); // the controller is there, but neither hears nor writes

        brokers.kill(2);
        brokers.start(2, LastEnd.PROCESS_DEATH);

        brokers.await(T, 3, 3);
    }

    @Test
    void shouldLetReplicasJoinAndLeave() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(1, 2, 3)), TWO);

        assertThat(done(brokers.broker(1).propose(T, 1))).isEqualTo(IsrOutcome.ACCEPTED);
        assertThat(brokers.partition(T).isr()).containsExactly(1);
        assertThat(brokers.partition(T).eligible()).containsExactlyInAnyOrder(2, 3);
        brokers.settle();
        assertThat(done(brokers.broker(1).propose(T, 1, 2, 3))).isEqualTo(IsrOutcome.ACCEPTED);
        assertThat(brokers.partition(T).isr()).containsExactlyInAnyOrder(1, 2, 3);
        assertThat(brokers.partition(T).eligible()).isEmpty();
    }

    @Test
    void shouldMakeCopiesOfAProposalVoid() {
        brokers.start(1, 2);
        brokers.create("t", List.of(List.of(1, 2)));
        TestBrokers.TestBroker leader = brokers.broker(1);
        IsrProposal proposal = leader.proposal(T, 1, 2);

        assertThat(done(leader.propose(T, proposal))).isEqualTo(IsrOutcome.ACCEPTED);
        brokers.settle();
        assertThat(done(leader.propose(T, proposal))).isEqualTo(IsrOutcome.STALE);
    }

    @Test
    void shouldNotLetARegistrationJoinThatIsPast() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(1, 2)));
        TestBrokers.TestBroker leader = brokers.broker(1);
        assertThat(done(leader.propose(T, 1))).isEqualTo(IsrOutcome.ACCEPTED);
        brokers.settle();
        leader.session.beforeNextMulti(() -> {
            brokers.kill(2);
            brokers.start(2, LastEnd.UNKNOWN);
        });

        assertThat(done(leader.propose(T, 1, 2))).isEqualTo(IsrOutcome.INELIGIBLE);

        assertThat(brokers.partition(T).isr()).containsExactly(1);
    }

    @Test
    void shouldNotLetABrokerJoinThatIsAboutToGo() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(1, 2)));
        TestBrokers.TestBroker leader = brokers.broker(1);
        assertThat(done(leader.propose(T, 1))).isEqualTo(IsrOutcome.ACCEPTED);
        brokers.settle();
        leader.session.beforeNextMulti(() -> done(brokers.broker(2).controller.shutDown()));

        assertThat(done(leader.propose(T, 1, 2))).isEqualTo(IsrOutcome.INELIGIBLE);

        assertThat(brokers.partition(T).isr()).containsExactly(1);
    }

    @Test
    void shouldRefuseALeaderThatDoesNotKnowOfItsSuccessor() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(2, 3)));
        TestBrokers.TestBroker leader = brokers.broker(2);
        IsrProposal proposal = leader.proposal(T, 2);
        brokers.kill(3);
        brokers.await(T, 2, 2);
        brokers.settle();

        assertThat(done(leader.propose(T, proposal))).isEqualTo(IsrOutcome.STALE);
    }

    @Test
    void shouldWriteTheProposalsOfManyPartitionsAtOnceThoughSomeAreStale() {
        brokers.start(1, 2);
        brokers.create("t", Collections.nCopies(40, List.of(1, 2)));
        TestBrokers.TestBroker leader = brokers.broker(1);
        List<CompletionStage<IsrOutcome>> proposals = new ArrayList<>();
        for (int index = 0; index < 40; index++) {
            TopicPartition id = new TopicPartition("t", index);
            IsrProposal proposal = leader.proposal(id, 1);
            proposals.add(leader.propose(id, proposal));
            if (index % 4 == 0) {
                proposals.add(leader.propose(id, proposal));
            }
        }

        List<IsrOutcome> outcomes = proposals.stream().map(TestBrokers::done).toList();

        assertThat(outcomes.stream().filter(IsrOutcome.ACCEPTED::equals)).hasSize(40);
        assertThat(outcomes.stream().filter(IsrOutcome.STALE::equals)).hasSize(10);
        for (int index = 0; index < 40; index++) {
            assertThat(brokers.partition(new TopicPartition("t", index)).isr()).containsExactly(1);
        }
    }

    @Test
    void shouldHandOverBeforeItGoes() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(2, 3), List.of(1, 2)));
        brokers.create("u", List.of(List.of(2)));

        done(brokers.broker(2).controller.shutDown());

        brokers.await(T, 3, 3);
        brokers.await(new TopicPartition("t", 1), 1, 1);
        brokers.await(U, 2, 2);
        assertThat(brokers.image().broker(2)).matches(BrokerImage::isShuttingDown);
        brokers.kill(2);
        brokers.await(U, ClusterImage.NOBODY);
    }

    @Test
    void shouldGiveUpWhatLiesInFailedLogs() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(2, 3), List.of(1, 2), List.of(2, 1)));
        brokers.create("u", List.of(List.of(2)));
        TestBrokers.TestBroker failing = brokers.broker(2);

        failing.controller.giveUp(Set.of(T, new TopicPartition("t", 1), U));

        brokers.await(T, 3, 3);
        brokers.await(new TopicPartition("t", 1), 1, 1);
        brokers.await(new TopicPartition("t", 2), 2, 2, 1);
        brokers.await(U, 2, 2); // nobody else has it
        failing.controller.giveUp(Set.of(T, U));
        brokers.await(T, 3, 3);
    }

    @Test
    void shouldWaitForAFollowerThatCatchesUpBeforeItGoes() {
        brokers.with("controlled.shutdown.max.retries", "100").start(1, 2);
        brokers.create("t", List.of(List.of(2, 1)));
        TestBrokers.TestBroker leader = brokers.broker(2);
        assertThat(done(leader.propose(T, 2))).isEqualTo(IsrOutcome.ACCEPTED);
        brokers.settle();

        CompletableFuture<Void> shutDown = leader.controller.shutDown().toCompletableFuture();
        Awaitility.await().until(() -> brokers.image().broker(2).isShuttingDown());
        assertThat(shutDown).isNotDone();
        brokers.settle();
        assertThat(done(leader.propose(T, 1, 2))).isEqualTo(IsrOutcome.ACCEPTED);

        done(shutDown);
        brokers.await(T, 1, 1);
    }

    @Test
    void shouldFollowTheConfiguredNumberInSync() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(1, 2, 3)), TWO);
        assertThat(brokers.partition(T).state().minInSync()).isEqualTo(2);
        brokers.kill(2, 3);
        brokers.await(T, 1, 1);
        // One alone, when the first was gone while the other was in sync yet.
        assertThat(brokers.partition(T).eligible()).isNotEmpty().isSubsetOf(2, 3);

        TestBrokers.TestBroker controller = brokers.broker(1);
        done(controller.session.set(
                TreeLayout.topicConfig("t"), TreeLayout.config(Map.of("min.insync.replicas", "1")), -1));

        Awaitility.await()
                .untilAsserted(() ->
                        assertThat(brokers.partition(T).state().minInSync()).isEqualTo(1));
        assertThat(brokers.partition(T).eligible()).isEmpty();
    }

    @Test
    void shouldRefuseMoreReplicasThanBrokers() {
        brokers.start(1);

        assertThatThrownBy(() -> done(brokers.broker(1)
                        .controller
                        .createTopic(new Controller.NewTopic("t", 1, 3, List.of(), Map.of()), false)))
                .hasMessageContaining("Replication factor: 3 larger than available brokers: 1.");
    }

    @Test
    void shouldEndAReassignmentWhenTheNewReplicasAreInSync() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(2, 1)));
        reassign(T, 3, 1);
        assertThat(brokers.partition(T).assignment().adding()).containsExactly(3);
        brokers.settle();

        assertThat(done(brokers.broker(2).propose(T, 1, 2, 3))).isEqualTo(IsrOutcome.ACCEPTED);

        brokers.await(T, 3, 1, 3);
        assertThat(brokers.partition(T).assignment()).isEqualTo(Assignment.of(List.of(3, 1)));
    }

    private void reassign(TopicPartition id, Integer... target) {
        TestBrokers.TestBroker controller = brokers.controller();
        Situations situations = new Situations(controller.follower, ConfigValues.of(Map.of()));
        done(new PartitionWriter(controller.session, controller.follower, situations)
                .carryOut(
                        () -> ControllerElection.readEpoch(controller.session),
                        situation -> situation
                                        .revise(id.topic(), id.index())
                                        .before()
                                        .replicas()
                                        .containsAll(List.of(target))
                                ? List.of()
                                : ReassignmentDecisions.begin(situation, id, List.of(target)).stream()
                                        .toList()));
    }

    /** The controller dies at each of its writes, before it or after it; its successor does the rest. */
    @ParameterizedTest
    @CsvSource({"0,false", "0,true", "1,false", "1,true", "2,false", "2,true"})
    void shouldFinishWhatADeadControllerHasBegun(int writes, boolean lastIsDone) {
        brokers.start(1, 2, 3, 4);
        int partitions = 2 * PartitionWriter.MOST_PER_MULTI + 10;
        brokers.create("t", Collections.nCopies(partitions, List.of(4, 2, 3)));
        brokers.controller().session.dieAfter(writes, lastIsDone);

        brokers.kill(4);

        Awaitility.await().untilAsserted(() -> assertThat(
                        brokers.image().topics().iterator().next().partitions())
                .hasSize(partitions)
                .allMatch(
                        partition -> partition.leader() == 2 && partition.isr().equals(List.of(2, 3))));
    }

    @Test
    void shouldComeBackWithAnotherSession() {
        brokers.start(1, 2, 3);
        brokers.create("t", List.of(List.of(2, 3)));
        brokers.create("u", List.of(List.of(2)));
        brokers.expire(2);
        brokers.await(T, 3, 3);

        brokers.renew(2);

        brokers.await(T, 3, 3);
        brokers.await(U, 2, 2);
    }

    @Test
    void shouldBeginLeadershipsAnewWithAnotherSessionWhenNobodyHasNoticed() {
        brokers.start(1, 2);
        brokers.create("u", List.of(List.of(2)));
        int epoch = brokers.partition(U).leaderEpoch();
        brokers.broker(1).session.cut();
        brokers.expire(2);

        brokers.renew(2);

        brokers.expire(1); // else nobody is the controller
        brokers.await(U, 2, 2);
        assertThat(brokers.partition(U).leaderEpoch()).isGreaterThan(epoch);
    }

    @Test
    void shouldGiveANewBrokerItsShare() {
        brokers.with("auto.balance.enable", "true")
                .with("auto.balance.moves", "3")
                .start(1, 2, 3);
        brokers.create("t", Collections.nCopies(12, List.of(1, 2)));
        brokers.tellSizes("t", 100_000_000);
        brokers.controller().controller.balance();
        Awaitility.await().untilAsserted(() -> {
            brokers.catchUp();
            for (int id : List.of(1, 2, 3)) {
                assertThat(brokers.replicas("t", id)).isEqualTo(8);
                assertThat(leaders("t", id)).isEqualTo(4);
            }
        });

        brokers.start(4);

        Awaitility.await().untilAsserted(() -> {
            assertThat(underWay("t")).isLessThanOrEqualTo(3);
            brokers.catchUp();
            for (int id : List.of(1, 2, 3, 4)) {
                assertThat(brokers.replicas("t", id)).isEqualTo(6);
                assertThat(leaders("t", id)).isEqualTo(3);
            }
        });
    }

    @Test
    void shouldEmptyABrokerThatIsDrained() {
        brokers.start(1, 2, 3);
        brokers.create("t", Collections.nCopies(12, List.of(3, 2)));

        brokers.drain("3");

        Awaitility.await().untilAsserted(() -> {
            brokers.catchUp();
            assertThat(brokers.replicas("t", 3)).isZero();
        });
        assertThat(brokers.replicas("t", 1)).isEqualTo(12);
        brokers.create("u", List.of());
        assertThat(brokers.replicas("u", 3)).isZero();
    }

    @Test
    void shouldGoOnBalancingAfterTheControllerHasDied() {
        brokers.with("auto.balance.moves", "2").start(1, 2, 3, 4);
        brokers.create("t", Collections.nCopies(12, List.of(4, 2)));
        brokers.drain("4");
        Awaitility.await().until(() -> underWay("t") > 0);

        brokers.kill(1);

        Awaitility.await().untilAsserted(() -> {
            brokers.catchUp();
            assertThat(brokers.replicas("t", 4)).isZero();
        });
    }

    private long leaders(String topic, int id) {
        return brokers.image().topic(topic).partitions().stream()
                .filter(partition -> partition.leader() == id)
                .count();
    }

    private long underWay(String topic) {
        return brokers.image().topic(topic).partitions().stream()
                .filter(partition -> partition.assignment().isReassigning())
                .count();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldEndAReassignmentThatADeadControllerWasAboutToEnd(boolean lastIsDone) {
        brokers.start(1, 2, 3, 4);
        brokers.create("t", List.of(List.of(2, 4)));
        reassign(T, 3, 2);
        brokers.settle();
        brokers.controller().session.dieAfter(0, lastIsDone);

        assertThat(done(brokers.broker(2).propose(T, 2, 3, 4))).isEqualTo(IsrOutcome.ACCEPTED);

        brokers.await(T, 2, 2, 3);
        assertThat(brokers.partition(T).assignment()).isEqualTo(Assignment.of(List.of(3, 2)));
        Awaitility.await().until(() -> brokers.image().controllerId() != 1);
    }

    /** Its first write marks its registration. */
    @ParameterizedTest
    @CsvSource({"0,false", "0,true", "1,false", "1,true", "2,false", "2,true"})
    void shouldMissABrokerThatDiesWhileItHandsOver(int writes, boolean lastIsDone) {
        brokers.start(1, 2, 3);
        int partitions = 2 * PartitionWriter.MOST_PER_MULTI + 10;
        brokers.create("t", Collections.nCopies(partitions, List.of(2, 3)));
        brokers.broker(2).session.dieAfter(writes, lastIsDone);

        assertThat(brokers.broker(2).controller.shutDown()).failsWithin(Duration.ofSeconds(30));

        Awaitility.await().untilAsserted(() -> assertThat(
                        brokers.image().topics().iterator().next().partitions())
                .allMatch(
                        partition -> partition.leader() == 3 && partition.isr().equals(List.of(3))));
    }

    @ParameterizedTest
    @CsvSource({"0,false", "0,true", "1,false", "1,true"})
    void shouldStillLeaveItsRolesWhenItsFirstStartHasFailed(int writes, boolean lastIsDone) {
        brokers.start(1, 2, 3);
        int partitions = PartitionWriter.MOST_PER_MULTI + 10;
        brokers.create("t", Collections.nCopies(partitions, List.of(2, 3)));
        brokers.controller().session.cut(); // nobody else takes it out
        brokers.kill(2);

        brokers.startAndDie(2, LastEnd.UNKNOWN, writes, lastIsDone);
        brokers.start(2, LastEnd.UNKNOWN);

        assertThat(brokers.image().topics().iterator().next().partitions())
                .allMatch(
                        partition -> partition.leader() == 3 && partition.isr().equals(List.of(3)));
    }
}
