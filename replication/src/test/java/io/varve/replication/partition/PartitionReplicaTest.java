// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What a leader or follower does by itself; what comes of many of them is in the scenarios and the simulation. */
class PartitionReplicaTest {

    private static final long LAG_NS = 1000;
    private static final long RETRY_NS = 100;

    private final MemoryReplicaLog log = new MemoryReplicaLog(false);
    private long nowNs;

    private PartitionReplica replica(int self, Durability durability) {
        PartitionReplica replica = new PartitionReplica(new ReplicaConfig(self, durability, LAG_NS, RETRY_NS), log, 0);
        replica.step(new PartitionEvent.Registered(self), nowNs);
        return replica;
    }

    private PartitionReplica leader(int minInSync, Integer... inSync) {
        PartitionReplica replica = replica(1, Durability.WRITTEN);
        replica.step(told(0, 0, minInSync, inSync), nowNs);
        return replica;
    }

    /** 1 leads; a broker's registration has its number, and its rack too. */
    private static PartitionEvent.StateTold told(
            int leaderEpoch, int partitionEpoch, int minInSync, Integer... inSync) {
        Map<Integer, BrokerPresence> brokers = new TreeMap<>();
        for (int id = 1; id <= 3; id++) {
            brokers.put(id, new BrokerPresence(id, "rack-" + id, true));
        }
        return new PartitionEvent.StateTold(
                new PartitionState(
                        List.of(1, 2, 3), new TreeSet<>(List.of(inSync)), 1, 1, leaderEpoch, partitionEpoch, minInSync),
                brokers);
    }

    private List<PartitionAction> append(PartitionReplica leader, long token, long deadlineNs) {
        ByteBuffer batch = ByteBuffer.allocate(Long.BYTES).putLong(token).flip();
        return leader.step(new PartitionEvent.Append(token, batch, true, deadlineNs), nowNs);
    }

    private List<PartitionAction> fetch(PartitionReplica leader, int from, long brokerEpoch, long offset) {
        int lastEpoch = offset == 0 ? EpochEnd.NONE : 0;
        ReplicaFetch fetch = new ReplicaFetch(1, from, brokerEpoch, leader.leaderEpoch(), offset, lastEpoch);
        return leader.step(new PartitionEvent.FetchReceived(fetch), nowNs);
    }

    private static <A extends PartitionAction> List<A> only(Class<A> kind, List<PartitionAction> actions) {
        List<A> found = new ArrayList<>();
        actions.forEach(action -> {
            if (kind.isInstance(action)) {
                found.add(kind.cast(action));
            }
        });
        return found;
    }

    @Test
    void shouldCommitWhatAllInSyncHold() {
        PartitionReplica leader = leader(2, 1, 2, 3);
        append(leader, 7, 50);

        List<PartitionAction> afterOne = fetch(leader, 2, 2, 1);
        List<PartitionAction> afterBoth = fetch(leader, 3, 3, 1);

        assertThat(only(PartitionAction.Committed.class, afterOne)).isEmpty();
        assertThat(only(PartitionAction.Committed.class, afterBoth)).containsExactly(new PartitionAction.Committed(7));
        assertThat(leader.highWatermark()).isEqualTo(1);
    }

    @Test
    void shouldRefuseToAppendWithTooFewInSync() {
        PartitionReplica leader = leader(2, 1);

        assertThat(append(leader, 7, 50))
                .containsExactly(new PartitionAction.AppendRefused(7, PartitionAction.Refusal.NOT_ENOUGH_REPLICAS));
        assertThat(log.endOffset()).isZero();
    }

    @Test
    void shouldSayWhenACommitTakesTooLong() {
        PartitionReplica leader = leader(1, 1, 2);
        append(leader, 7, 50);
        append(leader, 8, 70);

        assertThat(leader.nextDeadlineNs()).isEqualTo(50);
        nowNs = 50;
        assertThat(leader.step(new PartitionEvent.Tick(), nowNs))
                .containsExactly(new PartitionAction.CommitFailed(7, PartitionAction.Refusal.TIMED_OUT));
        assertThat(leader.nextDeadlineNs()).isEqualTo(70);
    }

    @Test
    void shouldTellWaitersThatTheLeadershipIsOver() {
        PartitionReplica leader = leader(1, 1, 2);
        append(leader, 7, 50);

        List<PartitionAction> actions = leader.step(new PartitionEvent.Registered(9), nowNs);

        assertThat(actions)
                .containsExactly(
                        new PartitionAction.CommitFailed(7, PartitionAction.Refusal.NOT_LEADER),
                        new PartitionAction.RoleChanged(ReplicaRole.NONE, 0));
    }

    @Test
    void shouldSendAProposalAgainUntilItIsAnswered() {
        PartitionReplica leader = leader(1, 1, 2);
        append(leader, 7, Long.MAX_VALUE);
        nowNs = leader.nextDeadlineNs();
        List<PartitionAction> first = leader.step(new PartitionEvent.Tick(), nowNs);
        nowNs = leader.nextDeadlineNs();

        List<PartitionAction> second = leader.step(new PartitionEvent.Tick(), nowNs);

        assertThat(nowNs).isEqualTo(LAG_NS + RETRY_NS);
        assertThat(first)
                .containsExactly(
                        new PartitionAction.ProposeIsr(new IsrProposal(1, 0, 0, new TreeMap<>(Map.of(1, 1L)))));
        assertThat(second).isEqualTo(first);
        PartitionState decided = told(0, 1, 1, 1).state();
        assertThat(leader.step(new PartitionEvent.IsrAccepted(decided), nowNs))
                .containsExactly(new PartitionAction.HighWatermarkAdvanced(1), new PartitionAction.Committed(7));
        assertThat(leader.nextDeadlineNs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void shouldAnswerARefusalByProposingWhatWasBefore() {
        PartitionReplica leader = leader(1, 1);
        append(leader, 7, Long.MAX_VALUE);
        IsrProposal proposal = only(PartitionAction.ProposeIsr.class, fetch(leader, 2, 2, 1))
                .get(0)
                .proposal();
        PartitionEvent refused = new PartitionEvent.IsrRefused(proposal, PartitionEvent.IsrRefusal.INELIGIBLE);

        assertThat(leader.step(refused, nowNs)).isEmpty();
        assertThat(leader.nextDeadlineNs()).isEqualTo(RETRY_NS);
        append(leader, 8, Long.MAX_VALUE);
        assertThat(leader.highWatermark()).as("it may be in sync yet").isEqualTo(1);
        nowNs = RETRY_NS;
        List<PartitionAction> withdrawal = leader.step(new PartitionEvent.Tick(), nowNs);

        assertThat(only(PartitionAction.ProposeIsr.class, withdrawal))
                .containsExactly(
                        new PartitionAction.ProposeIsr(new IsrProposal(1, 0, 0, new TreeMap<>(Map.of(1, 1L)))));
    }

    @Test
    void shouldNotProposeABrokerThatHasRestartedSince() {
        PartitionReplica leader = leader(1, 1);

        List<PartitionAction> older = fetch(leader, 2, 1, 0);
        List<PartitionAction> unknown = fetch(leader, 2, 5, 0);
        List<PartitionAction> current = fetch(leader, 3, 3, 0);

        assertThat(only(PartitionAction.AnswerFetch.class, older)
                        .get(0)
                        .answer()
                        .status())
                .isEqualTo(FetchStatus.FENCED_BROKER);
        assertThat(only(PartitionAction.ProposeIsr.class, unknown)).isEmpty();
        assertThat(only(PartitionAction.ProposeIsr.class, current)).hasSize(1);
    }

    @Test
    void shouldNotCountWhatABrokerHeldBeforeItRestarted() {
        PartitionReplica leader = leader(2, 1, 2);
        append(leader, 7, Long.MAX_VALUE);
        fetch(leader, 2, 2, 1);
        append(leader, 8, Long.MAX_VALUE);

        List<PartitionAction> restarted = fetch(leader, 2, 4, 0);
        List<PartitionAction> late = fetch(leader, 2, 2, 2);

        assertThat(only(PartitionAction.AnswerFetch.class, restarted)
                        .get(0)
                        .answer()
                        .status())
                .isEqualTo(FetchStatus.OK);
        assertThat(only(PartitionAction.AnswerFetch.class, late).get(0).answer().status())
                .isEqualTo(FetchStatus.FENCED_BROKER);
        assertThat(leader.highWatermark()).isEqualTo(1);
    }

    @Test
    void shouldNotLetAFollowerKeepWhatItCannotCompare() {
        PartitionReplica leader = leader(1, 1);
        leader.step(told(4, 1, 1, 1), nowNs);
        append(leader, 7, Long.MAX_VALUE);
        append(leader, 8, Long.MAX_VALUE);
        log.deleteBefore(1);

        assertThat(statusAt(leader, 1, 0)).as("another epoch").isEqualTo(FetchStatus.OFFSET_OUT_OF_RANGE);
        assertThat(statusAt(leader, 1, 4)).as("the leader's epoch").isEqualTo(FetchStatus.OK);
        assertThat(statusAt(leader, 1, EpochEnd.NONE)).as("an empty log").isEqualTo(FetchStatus.OK);
        assertThat(statusAt(leader, 2, 0)).isEqualTo(FetchStatus.DIVERGING);
    }

    private FetchStatus statusAt(PartitionReplica leader, long offset, int lastEpoch) {
        ReplicaFetch fetch = new ReplicaFetch(1, 2, 2, leader.leaderEpoch(), offset, lastEpoch);
        return only(PartitionAction.AnswerFetch.class, leader.step(new PartitionEvent.FetchReceived(fetch), nowNs))
                .get(0)
                .answer()
                .status();
    }

    @Test
    void shouldSendAConsumerToTheReplicaInItsRack() {
        PartitionReplica leader = leader(1, 1, 2);
        append(leader, 7, Long.MAX_VALUE);
        fetch(leader, 2, 2, 1);

        assertThat(preferred(leader, 0, "rack-2")).isEqualTo(2);
        assertThat(preferred(leader, 0, "rack-1")).isEqualTo(ConsumerRead.HERE);
        assertThat(preferred(leader, 0, "rack-3")).as("not in sync").isEqualTo(ConsumerRead.HERE);
        assertThat(preferred(leader, 0, null)).isEqualTo(ConsumerRead.HERE);
        append(leader, 8, Long.MAX_VALUE);
        assertThat(preferred(leader, 2, "rack-2")).as("it is not there yet").isEqualTo(ConsumerRead.HERE);
    }

    private static int preferred(PartitionReplica leader, long offset, String rack) {
        return leader.read(new ConsumerFetch(offset, 0, EpochEnd.NONE, rack)).preferredReplica();
    }

    @Test
    void shouldTellAConsumerOfAnotherLeader() {
        PartitionReplica leader = leader(1, 1);
        leader.step(told(4, 1, 1, 1), nowNs);

        assertThat(leader.read(new ConsumerFetch(0, 3, EpochEnd.NONE, null)).status())
                .isEqualTo(FetchStatus.FENCED_EPOCH);
        assertThat(leader.read(new ConsumerFetch(0, 5, EpochEnd.NONE, null)).status())
                .isEqualTo(FetchStatus.UNKNOWN_EPOCH);
        assertThat(leader.read(new ConsumerFetch(1, 4, EpochEnd.NONE, null)).status())
                .isEqualTo(FetchStatus.OFFSET_OUT_OF_RANGE);
        assertThat(leader.read(new ConsumerFetch(0, 4, EpochEnd.NONE, null)).status())
                .isEqualTo(FetchStatus.OK);
    }

    @Test
    void shouldNotLeadUnderARegistrationThatIsOver() {
        PartitionReplica replica =
                new PartitionReplica(new ReplicaConfig(1, Durability.WRITTEN, LAG_NS, RETRY_NS), log, 0);

        replica.step(told(0, 0, 1, 1), nowNs);
        ReplicaRole before = replica.role();
        replica.step(new PartitionEvent.Registered(1), nowNs);
        ReplicaRole under = replica.role();
        replica.step(new PartitionEvent.Registered(2), nowNs);

        assertThat(List.of(before, under, replica.role()))
                .containsExactly(ReplicaRole.NONE, ReplicaRole.LEADER, ReplicaRole.NONE);
    }

    @Test
    void shouldFetchAgainOnlyWhenWhatItFetchedIsForced() {
        PartitionReplica follower = replica(2, Durability.FORCED);
        List<PartitionAction> begun = follower.step(told(0, 0, 1, 1, 2), nowNs);
        ReplicaFetch first = only(PartitionAction.Fetch.class, begun).get(0).fetch();
        ByteBuffer batches = ByteBuffer.allocate(12).putInt(0).putLong(7).flip();
        FetchAnswer answer = new FetchAnswer(first.number(), first.brokerEpoch(), FetchStatus.OK, 0, 0, 0, 1, null);

        List<PartitionAction> fetched = follower.step(new PartitionEvent.FetchAnswered(answer, batches), nowNs);
        log.force(1);
        List<PartitionAction> forced = follower.step(new PartitionEvent.Forced(), nowNs);

        assertThat(fetched).containsExactly(new PartitionAction.ForceLog());
        assertThat(forced).containsExactly(new PartitionAction.Fetch(1, new ReplicaFetch(2, 2, 2, 0, 1, 0)));
    }

    @Test
    void shouldRepeatWhatIsRefusedSoonAndThenLater() {
        PartitionReplica follower = replica(2, Durability.WRITTEN);
        ReplicaFetch fetch = only(PartitionAction.Fetch.class, follower.step(told(0, 0, 1, 1, 2), nowNs))
                .get(0)
                .fetch();
        List<Long> pauses = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            FetchAnswer refused = new FetchAnswer(fetch.number(), 2, FetchStatus.UNKNOWN_EPOCH, 0, 0, 0, 0, null);
            follower.step(new PartitionEvent.FetchAnswered(refused, ByteBuffer.allocate(0)), nowNs);
            pauses.add(follower.nextDeadlineNs() - nowNs);
            nowNs = follower.nextDeadlineNs();
            fetch = only(PartitionAction.Fetch.class, follower.step(new PartitionEvent.Tick(), nowNs))
                    .get(0)
                    .fetch();
        }

        assertThat(pauses).containsExactly(1L, 3L, 6L, 12L, 25L, 50L, RETRY_NS, RETRY_NS);

        FetchAnswer served = new FetchAnswer(fetch.number(), 2, FetchStatus.OK, 0, 0, 0, 0, null);
        List<PartitionAction> next =
                follower.step(new PartitionEvent.FetchAnswered(served, ByteBuffer.allocate(0)), nowNs);
        assertThat(only(PartitionAction.Fetch.class, next)).hasSize(1);
        follower.step(new PartitionEvent.FetchFailed(fetch.number() + 1), nowNs);
        assertThat(follower.nextDeadlineNs() - nowNs)
                .as("after one that was served")
                .isEqualTo(1);
    }

    @Test
    void shouldNotLookAtALateAnswer() {
        PartitionReplica follower = replica(2, Durability.WRITTEN);
        List<PartitionAction> begun = follower.step(told(0, 0, 1, 1, 2), nowNs);
        ReplicaFetch first = only(PartitionAction.Fetch.class, begun).get(0).fetch();
        FetchAnswer empty = new FetchAnswer(first.number(), first.brokerEpoch(), FetchStatus.OK, 0, 0, 0, 0, null);
        follower.step(new PartitionEvent.FetchAnswered(empty, ByteBuffer.allocate(0)), nowNs);

        ByteBuffer batches = ByteBuffer.allocate(12).putInt(0).putLong(7).flip();
        List<PartitionAction> again = follower.step(new PartitionEvent.FetchAnswered(empty, batches), nowNs);

        assertThat(again).isEmpty();
        assertThat(log.endOffset()).isZero();
    }

    /** Both processes count from 1, and the log may have another end by now. */
    @Test
    void shouldNotLookAtAnAnswerToTheProcessBefore() {
        PartitionReplica follower = replica(2, Durability.WRITTEN);
        follower.step(told(0, 0, 1, 1, 2), nowNs);
        FetchAnswer late = new FetchAnswer(1, 1, FetchStatus.OK, 0, 0, 0, 1, null);
        ByteBuffer batches = ByteBuffer.allocate(12).putInt(0).putLong(7).flip();

        List<PartitionAction> actions = follower.step(new PartitionEvent.FetchAnswered(late, batches), nowNs);

        assertThat(actions).isEmpty();
        assertThat(log.endOffset()).isZero();
    }

    @Test
    void shouldReportWhatIsLost() {
        PartitionReplica follower = replica(2, Durability.WRITTEN);
        follower.step(told(1, 0, 1, 1, 2), nowNs);
        ByteBuffer batches = ByteBuffer.allocate(24)
                .putInt(0)
                .putLong(7)
                .putInt(0)
                .putLong(8)
                .flip();
        follower.step(
                new PartitionEvent.FetchAnswered(new FetchAnswer(1, 2, FetchStatus.OK, 1, 2, 0, 2, null), batches),
                nowNs);

        FetchAnswer other = new FetchAnswer(2, 2, FetchStatus.DIVERGING, 1, 1, 0, 2, new EpochEnd(0, 1));
        List<PartitionAction> cut =
                follower.step(new PartitionEvent.FetchAnswered(other, ByteBuffer.allocate(0)), nowNs);

        assertThat(cut).contains(new PartitionAction.Truncated(2, 1, 1));
        assertThat(follower.highWatermark()).isEqualTo(1);
    }

    @Test
    void shouldEndWhenClosed() {
        PartitionReplica leader = leader(1, 1, 2);
        append(leader, 7, 50);

        assertThat(leader.step(new PartitionEvent.Close(), nowNs))
                .contains(new PartitionAction.CommitFailed(7, PartitionAction.Refusal.NOT_LEADER));
        assertThatThrownBy(() -> leader.step(new PartitionEvent.Tick(), nowNs))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed: broker=1");
    }

    @Test
    void shouldRefuseToWaitForWhatIsNotThere() {
        PartitionReplica leader = leader(1, 1);

        assertThatThrownBy(() -> leader.step(new PartitionEvent.AwaitCommit(1, 5, 50), nowNs))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("endOffset=5");
    }

    @Test
    void shouldKnowWhatAnEndLeaves() {
        assertThat(LastEnd.CLEAN.keptAll(Durability.WRITTEN)).isTrue();
        assertThat(LastEnd.PROCESS_DEATH.keptAll(Durability.WRITTEN)).isTrue();
        assertThat(LastEnd.UNKNOWN.keptAll(Durability.WRITTEN)).isFalse();
        assertThat(LastEnd.UNKNOWN.keptAll(Durability.FORCED)).isTrue();
        assertThat(LastEnd.NONE.keptAll(Durability.FORCED)).isFalse();
        assertThat(LastEnd.UNKNOWN.worse(LastEnd.PROCESS_DEATH)).isEqualTo(LastEnd.UNKNOWN);
    }

    @Test
    void shouldRefuseAStateThatCannotBe() {
        assertThatThrownBy(() -> new PartitionState(List.of(1, 2), new TreeSet<>(List.of(2)), 1, 0, 0, 0, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("leader=1");
        assertThatThrownBy(() -> new FetchAnswer(1, 2, FetchStatus.DIVERGING, 0, 0, 0, 0, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("contradiction");
    }
}
