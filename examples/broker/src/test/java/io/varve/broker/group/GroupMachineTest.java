// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.group.GroupCommand.Client;
import io.varve.broker.group.GroupCommand.Identity;
import io.varve.broker.group.GroupCommand.Protocol;
import io.varve.broker.group.GroupCommand.Timeouts;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.replication.machine.Decision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GroupMachineTest {

    private static final GroupConfig CONFIG =
            new GroupConfig(10, 60_000, 0, 3, 100, 1000, 1000, 5000, TestConfigs.CONSUMER);
    private static final String GROUP = "g";

    private final GroupMachine machine = new GroupMachine(CONFIG);
    private final Map<Long, GroupAnswer> answers = new HashMap<>();
    private long nowMs = 1_000_000;
    private long requests;
    private int durable;

    @Test
    void shouldFormAGenerationOfOne() {
        GroupAnswer.Joined joined = joined(join("", null, "a"));
        assertThat(joined.error()).isEqualTo(ErrorCode.MEMBER_ID_REQUIRED);

        joined = joined(join(joined.memberId(), null, "a"));

        assertThat(joined.error()).isEqualTo(ErrorCode.NONE);
        assertThat(joined.generation()).isEqualTo(1);
        assertThat(joined.leaderId()).isEqualTo(joined.memberId());
        assertThat(joined.members()).hasSize(1);
        assertThat(state()).isEqualTo(Group.State.COMPLETING);

        GroupAnswer.Synced synced = synced(sync(joined.memberId(), 1, Map.of(joined.memberId(), new byte[] {7})));
        assertThat(synced.assignment()).containsExactly(7);
        assertThat(state()).isEqualTo(Group.State.STABLE);
        assertThat(heartbeat(joined.memberId(), 1)).isEqualTo(ErrorCode.NONE);
        assertThat(heartbeat(joined.memberId(), 2)).isEqualTo(ErrorCode.ILLEGAL_GENERATION);
        assertThat(heartbeat("somebody", 1)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
    }

    @Test
    void shouldLetASecondMemberInWhenTheFirstJoinsAgain() {
        String first = stable("a");
        String second = memberId();
        long waiting = join(second, null, "b");

        assertThat(answers).doesNotContainKey(waiting);
        assertThat(heartbeat(first, 1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS);
        GroupAnswer.Joined again = joined(join(first, null, "a"));
        GroupAnswer.Joined other = joined(waiting);

        assertThat(again.generation()).isEqualTo(2);
        assertThat(other.generation()).isEqualTo(2);
        assertThat(again.members()).hasSize(2);
        assertThat(other.members()).isEmpty();
        long early = sync(second, 2, Map.of());
        assertThat(answers).doesNotContainKey(early);
        sync(first, 2, Map.of(first, new byte[] {1}, second, new byte[] {2}));
        assertThat(synced(early).assignment()).containsExactly(2);
    }

    @Test
    void shouldDropWhoeverDoesNotJoinInTime() {
        String first = stable("a");
        long waiting = join(memberId(), null, "b");
        for (int i = 0; i < 3; i++) {
            pass(9_000);
            assertThat(heartbeat(first, 1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS);
        }
        pass(2_999);
        assertThat(answers).doesNotContainKey(waiting);

        pass(1);

        assertThat(joined(waiting).generation()).isEqualTo(2);
        assertThat(joined(waiting).members()).hasSize(1);
        assertThat(heartbeat(first, 1)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
    }

    @Test
    void shouldEndTheSessionOfASilentMember() {
        String member = stable("a");
        pass(9_999);
        assertThat(heartbeat(member, 1)).isEqualTo(ErrorCode.NONE);
        pass(9_999);
        assertThat(state()).isEqualTo(Group.State.STABLE);

        pass(1);

        assertThat(state()).isEqualTo(Group.State.EMPTY);
        assertThat(heartbeat(member, 1)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
    }

    @Test
    void shouldGiveAStaticMemberItsPlaceBackWithoutARebalance() {
        String before = joined(join("", "static", "a")).memberId();
        sync(before, 1, Map.of(before, new byte[] {9}));

        int stored = durable;

        GroupAnswer.Joined after = joined(join("", "static", "something else"));

        assertThat(durable).as("the new id is stored").isEqualTo(stored + 1);
        assertThat(after.error()).isEqualTo(ErrorCode.NONE);
        assertThat(after.memberId()).isNotEqualTo(before);
        assertThat(after.generation()).isEqualTo(1);
        assertThat(state()).isEqualTo(Group.State.STABLE);
        assertThat(synced(sync(after.memberId(), "static", 1, Map.of())).assignment())
                .containsExactly(9);
        assertThat(synced(sync(before, "static", 1, Map.of())).error()).isEqualTo(ErrorCode.FENCED_INSTANCE_ID);
    }

    @Test
    void shouldRefuseWhatDoesNotFit() {
        stable("a");

        assertThat(joined(join("unknown", null, "a")).error()).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
        assertThat(joined(submit(id -> new GroupCommand.Join(
                                id,
                                GROUP,
                                new Identity("", null),
                                new Client("c", "h"),
                                new Timeouts(10_000, 30_000),
                                "connect",
                                List.of(new Protocol("range", new byte[0])),
                                memberId(),
                                new GroupCommand.Abilities(false, false))))
                        .error())
                .isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
        assertThat(joined(submit(id -> new GroupCommand.Join(
                                id,
                                GROUP,
                                new Identity("", null),
                                new Client("c", "h"),
                                new Timeouts(5, 30_000),
                                "consumer",
                                List.of(new Protocol("range", new byte[0])),
                                memberId(),
                                new GroupCommand.Abilities(false, false))))
                        .error())
                .isEqualTo(ErrorCode.INVALID_SESSION_TIMEOUT);
    }

    @Test
    void shouldKeepOffsets() {
        String member = stable("a");
        TopicPartition partition = new TopicPartition("t", 0);

        assertThat(commit(member, 1, partition, 5)).isEqualTo(ErrorCode.NONE);
        assertThat(commit(member, 2, partition, 6)).isEqualTo(ErrorCode.ILLEGAL_GENERATION);
        assertThat(commit("", -1, partition, 6)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
        assertThat(machine.offsets(GROUP).get(partition).offset()).isEqualTo(5);

        assertThat(done(submit(id -> new GroupCommand.Delete(id, GROUP)))).isEqualTo(ErrorCode.NON_EMPTY_GROUP);
        submit(id -> new GroupCommand.Leave(id, GROUP, List.of(new Identity(member, null))));
        assertThat(state()).isEqualTo(Group.State.EMPTY);
        assertThat(commit("", -1, partition, 6)).isEqualTo(ErrorCode.NONE);
        assertThat(done(submit(id -> new GroupCommand.Delete(id, GROUP)))).isEqualTo(ErrorCode.NONE);
        assertThat(machine.offsets(GROUP)).isEmpty();
        assertThat(done(submit(id -> new GroupCommand.Delete(id, GROUP)))).isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND);
    }

    @Test
    void shouldForgetOffsetsOfAGroupWithoutMembers() {
        commit("", -1, new TopicPartition("t", 0), 5);
        nowMs += 999;
        submit(id -> new GroupCommand.ExpireOffsets());
        assertThat(machine.offsets(GROUP)).hasSize(1);

        nowMs += 1;
        submit(id -> new GroupCommand.ExpireOffsets());

        assertThat(machine.exists(GROUP)).isFalse();
    }

    private String stable(String metadata) {
        String member = memberId();
        join(member, null, metadata);
        sync(member, 1, Map.of(member, new byte[] {1}));
        assertThat(state()).isEqualTo(Group.State.STABLE);
        return member;
    }

    /** The id of a member that has been told to come again with it. */
    private String memberId() {
        return joined(join("", null, "a")).memberId();
    }

    private long join(String memberId, String instanceId, String metadata) {
        return submit(id -> new GroupCommand.Join(
                id,
                GROUP,
                new Identity(memberId, instanceId),
                new Client("client", "/host"),
                new Timeouts(10_000, 30_000),
                "consumer",
                List.of(new Protocol("range", metadata.getBytes(java.nio.charset.StandardCharsets.UTF_8))),
                "member-" + id,
                new GroupCommand.Abilities(true, false)));
    }

    private long sync(String memberId, int generation, Map<String, byte[]> assignments) {
        return sync(memberId, null, generation, assignments);
    }

    private long sync(String memberId, String instanceId, int generation, Map<String, byte[]> assignments) {
        return submit(id -> new GroupCommand.Sync(
                id, GROUP, new Identity(memberId, instanceId), generation, "consumer", "range", assignments));
    }

    private ErrorCode heartbeat(String memberId, int generation) {
        return done(submit(id -> new GroupCommand.Heartbeat(id, GROUP, new Identity(memberId, null), generation)));
    }

    private ErrorCode commit(String memberId, int generation, TopicPartition partition, long offset) {
        long request = submit(id -> new GroupCommand.Commit(
                id,
                GROUP,
                new Identity(memberId, null),
                generation,
                Map.of(partition, new CommittedOffset(offset, -1, "", nowMs))));
        return ((GroupAnswer.ByPartition) answers.get(request)).errors().get(partition);
    }

    private void pass(long ms) {
        nowMs += ms;
        submit(id -> new GroupCommand.Tick());
    }

    private long submit(java.util.function.LongFunction<GroupCommand> command) {
        long id = requests++;
        Decision<GroupEvent, List<GroupAnswer>> decision = machine.decide(command.apply(id), nowMs);
        decision.events().forEach(event -> machine.apply(0, event));
        durable +=
                (int) decision.events().stream().filter(GroupEvent::isDurable).count();
        decision.reply().forEach(answer -> answers.put(answer.requestId(), answer));
        return id;
    }

    private Group.State state() {
        return machine.group(GROUP).state();
    }

    private GroupAnswer.Joined joined(long request) {
        return (GroupAnswer.Joined) answers.get(request);
    }

    private GroupAnswer.Synced synced(long request) {
        return (GroupAnswer.Synced) answers.get(request);
    }

    private ErrorCode done(long request) {
        return ((GroupAnswer.Done) answers.get(request)).error();
    }
}
