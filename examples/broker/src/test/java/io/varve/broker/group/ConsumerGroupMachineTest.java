// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.replication.machine.Decision;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a consumer group of KIP-848 answers, step by step. */
class ConsumerGroupMachineTest {

    private static final String GROUP = "g";
    private static final UUID TOPIC = new UUID(0, 1);
    private static final Topics TOPICS = new Topics(1, List.of(new Topics.Topic("t", TOPIC, 2)));
    private static final TopicIdPartition P0 = new TopicIdPartition(TOPIC, 0);
    private static final TopicIdPartition P1 = new TopicIdPartition(TOPIC, 1);
    private static final int SESSION_MS = TestConfigs.CONSUMER.sessionTimeoutMs();
    private static final int REBALANCE_MS = 300;

    private final GroupMachine machine =
            new GroupMachine(new GroupConfig(10, 60_000, 0, 3, 100, 1000, 1000, 5000, TestConfigs.CONSUMER));
    private long nowMs = 1;

    @BeforeEach
    void know() {
        decide(new GroupCommand.KnowTopics(TOPICS));
    }

    @Test
    void shouldGiveAMemberNothingThatAnotherHasNotGivenBack() {
        assertThat(join("a").assigned()).containsExactlyInAnyOrder(P0, P1);

        GroupAnswer.Heard b = join("b");
        assertThat(b.assigned()).isEmpty();
        assertThat(b.epoch()).isEqualTo(2);
        GroupAnswer.Heard revoke = heartbeat("a", 1, null);
        assertThat(revoke.epoch()).isEqualTo(1);
        assertThat(revoke.assigned()).hasSize(1);
        assertThat(heartbeat("b", 2, null).assigned())
                .as("a has not given it back")
                .isNull();

        GroupAnswer.Heard revoked = heartbeat("a", 1, revoke.assigned());
        assertThat(revoked.epoch()).isEqualTo(2);
        assertThat(heartbeat("b", 2, null).assigned()).hasSize(1).doesNotContainAnyElementsOf(revoke.assigned());
        assertThat(group().state()).isEqualTo("Stable");
    }

    @Test
    void shouldPutOutAMemberThatDoesNotGiveBackInTime() {
        join("a");
        join("b");
        heartbeat("a", 1, null);

        pass(REBALANCE_MS);

        assertThat(heartbeat("a", 1, null).error()).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
        assertThat(heartbeat("b", 2, null).assigned()).containsExactlyInAnyOrder(P0, P1);
    }

    @Test
    void shouldPutOutAMemberThatIsSilent() {
        join("a");

        pass(SESSION_MS);

        assertThat(group().state()).isEqualTo("Empty");
        assertThat(heartbeat("a", 1, null).error()).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
    }

    @Test
    void shouldFenceAMemberWithAnotherEpochUnlessAnAnswerWasLost() {
        join("a");
        join("b");
        GroupAnswer.Heard revoke = heartbeat("a", 1, null);
        heartbeat("a", 1, revoke.assigned());

        assertThat(heartbeat("a", 3, revoke.assigned()).error()).isEqualTo(ErrorCode.FENCED_MEMBER_EPOCH);
        assertThat(heartbeat("a", 1, Set.of(P0, P1)).error()).isEqualTo(ErrorCode.FENCED_MEMBER_EPOCH);
        assertThat(heartbeat("a", 1, null).error()).isEqualTo(ErrorCode.FENCED_MEMBER_EPOCH);
        assertThat(heartbeat("a", 1, revoke.assigned()).epoch()).isEqualTo(2);
    }

    @Test
    void shouldKeepThePlaceOfAStaticMemberThatComesAgain() {
        GroupAnswer.Heard first = send(heartbeat("a", 0, "s", Set.of()));
        join("b");

        assertThat(send(heartbeat("other", 0, "s", Set.of())).error()).isEqualTo(ErrorCode.UNRELEASED_INSTANCE_ID);
        send(heartbeat("a", CurrentAssignment.LEFT_FOR_A_WHILE, "s", null));
        assertThat(heartbeat("b", 2, null).assigned())
                .as("kept for the one that comes again")
                .isNull();
        GroupAnswer.Heard again = send(heartbeat("a2", 0, "s", Set.of()));

        assertThat(first.epoch()).isEqualTo(1);
        assertThat(again.epoch()).as("nothing was worked out anew").isEqualTo(2);
        assertThat(again.assigned()).hasSize(1);
        assertThat(send(heartbeat("a", 1, "s", null)).error()).isEqualTo(ErrorCode.FENCED_INSTANCE_ID);
    }

    @Test
    void shouldRefuseWhatItCannotDo() {
        List.of("a", "b", "c").forEach(this::join);
        GroupCommand.ConsumerHeartbeat good = heartbeat("a", 0, null, Set.of());

        assertThat(send(with(good, null, "best")).error()).isEqualTo(ErrorCode.UNSUPPORTED_ASSIGNOR);
        assertThat(send(with(good, "a(", null)).error()).isEqualTo(ErrorCode.INVALID_REGULAR_EXPRESSION);
        assertThat(send(with(good, "(".repeat(5000) + ")".repeat(5000), null)).error())
                .as("an expression that exhausts the stack of whoever compiles it")
                .isEqualTo(ErrorCode.INVALID_REGULAR_EXPRESSION);
        assertThat(heartbeat("nobody", 1, null).error()).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
        assertThat(heartbeat("nobody", -1, null).error()).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
    }

    @Test
    void shouldTakeNoMoreMembersThanItMay() {
        for (int i = 0; i < TestConfigs.CONSUMER.maxSize(); i++) {
            assertThat(join("m" + i).error()).isEqualTo(ErrorCode.NONE);
        }

        assertThat(join("one more").error()).isEqualTo(ErrorCode.GROUP_MAX_SIZE_REACHED);
        assertThat(join("m0").error()).as("it is in the group").isEqualTo(ErrorCode.NONE);
    }

    @Test
    void shouldRefuseACommitOfAnEpochSinceWhichThePartitionWasAnothers() {
        join("a");
        join("b");
        GroupAnswer.Heard revoke = heartbeat("a", 1, null);
        TopicIdPartition kept = revoke.assigned().iterator().next();
        TopicIdPartition moved = kept.equals(P0) ? P1 : P0;
        heartbeat("a", 1, revoke.assigned());
        heartbeat("b", 2, null);

        assertThat(commit("a", 2, kept)).isEqualTo(ErrorCode.NONE);
        assertThat(commit("a", 1, kept)).as("it has had it since then").isEqualTo(ErrorCode.NONE);
        assertThat(commit("a", 1, moved)).isEqualTo(ErrorCode.STALE_MEMBER_EPOCH);
        assertThat(commit("b", 2, moved)).isEqualTo(ErrorCode.NONE);
        assertThat(commit("b", 3, moved)).isEqualTo(ErrorCode.STALE_MEMBER_EPOCH);
        assertThat(commit("nobody", 2, moved)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
        assertThat(commit("", -1, moved)).as("from outside").isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
        assertThat(ConsumerGroups.refusalToFetch(group(), "b", 1)).isEqualTo(ErrorCode.STALE_MEMBER_EPOCH);
        assertThat(ConsumerGroups.refusalToFetch(group(), "b", 2)).isEqualTo(ErrorCode.NONE);
    }

    @Test
    void shouldLetAnotherTakeMembersOut() {
        send(heartbeat("a", 0, "s", Set.of()));
        join("b");

        GroupAnswer.Left left = (GroupAnswer.Left) carryOut(new GroupCommand.Leave(
                1,
                GROUP,
                List.of(
                        new GroupCommand.Identity("", "s"),
                        new GroupCommand.Identity("", "nobody"),
                        new GroupCommand.Identity("b", null))));

        assertThat(left.errors()).containsExactly(ErrorCode.NONE, ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.NONE);
        assertThat(group().members()).isEmpty();
    }

    private GroupAnswer.Heard join(String memberId) {
        return heartbeat(memberId, 0, Set.of());
    }

    private GroupAnswer.Heard heartbeat(String memberId, int epoch, @Nullable Set<TopicIdPartition> owned) {
        return send(heartbeat(memberId, epoch, null, owned));
    }

    private static GroupCommand.ConsumerHeartbeat heartbeat(
            String memberId, int epoch, @Nullable String instanceId, @Nullable Set<TopicIdPartition> owned) {
        boolean joins = epoch == 0;
        return new GroupCommand.ConsumerHeartbeat(
                1,
                GROUP,
                memberId,
                epoch,
                instanceId,
                null,
                new GroupCommand.Client("c", "/h"),
                joins ? REBALANCE_MS : -1,
                joins ? List.of("t") : null,
                null,
                null,
                owned,
                null);
    }

    private static GroupCommand.ConsumerHeartbeat with(
            GroupCommand.ConsumerHeartbeat heartbeat, @Nullable String regex, @Nullable String assignor) {
        return new GroupCommand.ConsumerHeartbeat(
                1,
                GROUP,
                heartbeat.memberId(),
                heartbeat.epoch(),
                null,
                null,
                heartbeat.client(),
                REBALANCE_MS,
                heartbeat.topicNames(),
                regex,
                assignor,
                heartbeat.owned(),
                null);
    }

    private GroupAnswer.Heard send(GroupCommand.ConsumerHeartbeat heartbeat) {
        return (GroupAnswer.Heard) carryOut(heartbeat);
    }

    private ErrorCode commit(String memberId, int epoch, TopicIdPartition id) {
        TopicPartition partition = new TopicPartition("t", id.index());
        GroupAnswer.ByPartition answer = (GroupAnswer.ByPartition) carryOut(new GroupCommand.Commit(
                1,
                GROUP,
                new GroupCommand.Identity(memberId, null),
                epoch,
                Map.of(partition, new CommittedOffset(1, -1, "", nowMs))));
        return answer.errors().get(partition);
    }

    private void pass(long ms) {
        nowMs += ms;
        decide(new GroupCommand.Tick());
    }

    private ConsumerGroup group() {
        return machine.consumers().group(GROUP);
    }

    private GroupAnswer carryOut(GroupCommand command) {
        return decide(command).reply().get(0);
    }

    private Decision<GroupEvent, List<GroupAnswer>> decide(GroupCommand command) {
        Decision<GroupEvent, List<GroupAnswer>> decision = machine.decide(command, nowMs);
        decision.events().forEach(event -> machine.apply(0, event));
        return decision;
    }
}
