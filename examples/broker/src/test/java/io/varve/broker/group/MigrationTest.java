// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.kafka.MessageWriter;
import io.varve.kafka.message.ConsumerProtocolAssignment;
import io.varve.kafka.message.ConsumerProtocolSubscription;
import io.varve.replication.machine.Decision;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What members of one protocol are told in a group that was of the other, step by step. */
class MigrationTest {

    private static final UUID TOPIC = new UUID(0, 1);
    private static final TopicIdPartition P0 = new TopicIdPartition(TOPIC, 0);
    private static final TopicIdPartition P1 = new TopicIdPartition(TOPIC, 1);
    private static final Topics TOPICS = new Topics(1, List.of(new Topics.Topic("t", TOPIC, 2)));

    private GroupMachine machine = machine(MigrationPolicy.BIDIRECTIONAL);
    private final List<GroupAnswer> answers = new ArrayList<>();
    private long nowMs = 1;
    private long requests;

    private static GroupMachine machine(MigrationPolicy policy) {
        GroupMachine machine = new GroupMachine(
                new GroupConfig(10, 60_000, 0, 10, 100, 1000, 1000, 5000, TestConfigs.consumer(policy)));
        machine.apply(0, new GroupEvent.TopicsKnown(TOPICS));
        return machine;
    }

    @Test
    void shouldTakeTheMembersOfAClassicGroupAlong() {
        String classic = classicGroup(assignment(0, 1), "consumer");

        GroupAnswer.Heard joined = consumer("c", 0, Set.of());
        assertThat(joined.epoch()).as("the generation goes on as the epoch").isEqualTo(2);
        assertThat(joined.assigned()).as("nobody has given anything back").isEmpty();
        assertThat(machine.group("g")).isNull();
        assertThat(machine.consumers().group("g").members()).containsKeys(classic, "c");

        assertThat(heartbeat(classic, 1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS);
        assertThat(commit(classic, 1)).as("before it gives back").isEqualTo(ErrorCode.NONE);
        GroupAnswer.Joined again = join(classic, null);
        assertThat(again.generation()).isEqualTo(2);
        assertThat(again.leaderId()).as("nobody leads").isEmpty();
        assertThat(sync(classic, 1).error()).isEqualTo(ErrorCode.ILLEGAL_GENERATION);
        assertThat(partitions(sync(classic, 2))).hasSize(1);
        assertThat(heartbeat(classic, 2)).isEqualTo(ErrorCode.NONE);
        assertThat(commit(classic, 3)).isEqualTo(ErrorCode.ILLEGAL_GENERATION);
        assertThat(consumer("c", 2, null).assigned()).hasSize(1);
    }

    @Test
    void shouldSendThoseAwayWhoWaitForAGenerationThatWillNotBe() {
        String classic = classicGroup(assignment(0, 1), "consumer");
        long waiting = submit(joining("", null));
        assertThat(heartbeat(classic, 1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS);

        consumer("c", 0, Set.of());

        GroupAnswer.Joined refused = (GroupAnswer.Joined) answer(waiting);
        assertThat(refused.error()).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS);
    }

    @Test
    void shouldLeaveAClassicGroupAloneThatItCannotTakeOver() {
        classicGroup(assignment(0, 1), "connect");
        assertThat(consumer("c", 0, Set.of()).error()).as("of others").isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND);

        machine = machine(MigrationPolicy.DOWNGRADE);
        classicGroup(assignment(0, 1), "consumer");
        assertThat(consumer("c", 0, Set.of()).error()).as("by policy").isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND);

        machine = machine(MigrationPolicy.BIDIRECTIONAL);
        classicGroup(new byte[] {0, 1, 2}, "consumer");
        assertThat(consumer("c", 0, Set.of()).error()).as("garbled").isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND);

        machine = machine(MigrationPolicy.BIDIRECTIONAL);
        String classic = classicGroup(assignment(0, 1), "consumer");
        assertThat(consumer("c", 3, null).error()).as("it is not in it").isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
        assertThat(heartbeat(classic, 1)).as("nothing has come of it").isEqualTo(ErrorCode.NONE);
    }

    @Test
    void shouldGoBackWithThoseWhoAreLeft() {
        String classic = classicGroup(assignment(0, 1), "consumer");
        consumer("c", 0, Set.of());
        join(classic, null);

        consumer("c", -1, null);

        Group group = machine.group("g");
        assertThat(group.state()).isEqualTo(Group.State.PREPARING);
        assertThat(group.generation()).as("the epoch goes on as the generation").isEqualTo(2);
        assertThat(machine.consumers().group("g")).isNull();
        assertThat(heartbeat(classic, 2)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS);
        GroupAnswer.Joined again = join(classic, null);
        assertThat(again.generation()).isEqualTo(3);
        assertThat(again.leaderId()).isEqualTo(classic);
    }

    @Test
    void shouldStayAConsumerGroupWhenNobodyMayGoBack() {
        machine = machine(MigrationPolicy.UPGRADE);
        String classic = classicGroup(assignment(0, 1), "consumer");
        consumer("c", 0, Set.of());
        join(classic, null);
        sync(classic, 2);

        consumer("c", -1, null);

        assertThat(machine.group("g")).isNull();
        assertThat(heartbeat(classic, 2)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS);
        assertThat(join(classic, null).generation()).isEqualTo(3);
        assertThat(partitions(sync(classic, 3))).containsExactlyInAnyOrder(P0, P1);
    }

    @Test
    void shouldPutOutAMemberThatDoesNotJoinAsItWasAsked() {
        String classic = classicGroup(assignment(0, 1), "consumer");
        consumer("c", 0, Set.of());
        for (int i = 0; i < 3; i++) {
            assertThat(heartbeat(classic, 1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS);
            nowMs += 400;
            consumer("c", 2, null);
        }

        decide(new GroupCommand.Tick());

        assertThat(heartbeat(classic, 1)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
        assertThat(consumer("c", 2, null).assigned()).containsExactlyInAnyOrder(P0, P1);
    }

    @Test
    void shouldKnowStaticMembersByTheirNames() {
        consumer("c", 0, Set.of());
        String first = join("", "static").memberId();
        String second = join("", "static").memberId();

        assertThat(join(first, "static").error()).isEqualTo(ErrorCode.FENCED_INSTANCE_ID);
        assertThat(join("x", "unknown").error()).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
        assertThat(join(second, "static").error()).isEqualTo(ErrorCode.NONE);
        assertThat(machine.consumers().group("g").members()).containsOnlyKeys("c", second);
    }

    @Test
    void shouldRefuseMembersWhoCouldNotBeAGroup() {
        consumer("c", 0, Set.of());

        assertThat(joined(submit(joining("", "s", "connect", "range"))).error())
                .isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
        assertThat(joined(submit(joining("", "s", "consumer", "range"))).error())
                .isEqualTo(ErrorCode.NONE);
        assertThat(joined(submit(joining("", "other", "consumer", "sticky"))).error())
                .as("another could not read its assignment")
                .isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
        assertThat(sync("c", 1).error()).as("of the other protocol").isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
        assertThat(heartbeat("c", 1)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
    }

    /** A group of one member, which leads it and has the assignment; returns the member's id. */
    private String classicGroup(byte[] assignment, String type) {
        GroupAnswer.Joined joined = joined(submit(joining("", null, type, "range")));
        assertThat(joined.error()).isEqualTo(ErrorCode.NONE);
        long request = ++requests;
        decide(new GroupCommand.Sync(
                request,
                "g",
                new GroupCommand.Identity(joined.memberId(), null),
                joined.generation(),
                null,
                null,
                Map.of(joined.memberId(), assignment)));
        return joined.memberId();
    }

    private static byte[] assignment(int... indexes) {
        List<Integer> partitions = new ArrayList<>();
        for (int index : indexes) {
            partitions.add(index);
        }
        MessageWriter out = new MessageWriter();
        out.writeShort((short) 1);
        new ConsumerProtocolAssignment()
                .assignedPartitions(List.of(new ConsumerProtocolAssignment.TopicPartition()
                        .topic("t")
                        .partitions(partitions)))
                .write(out, (short) 1);
        return GroupRecords.bytes(out.toBuffer());
    }

    private GroupCommand.Join joining(String memberId, @Nullable String instanceId) {
        return joining(memberId, instanceId, "consumer", "range");
    }

    private GroupCommand.Join joining(String memberId, @Nullable String instanceId, String type, String protocol) {
        MessageWriter out = new MessageWriter();
        out.writeShort((short) 1);
        new ConsumerProtocolSubscription().topics(List.of("t")).write(out, (short) 1);
        long request = ++requests;
        return new GroupCommand.Join(
                request,
                "g",
                new GroupCommand.Identity(memberId, instanceId),
                new GroupCommand.Client("c", "/h"),
                new GroupCommand.Timeouts(5000, 1000),
                type,
                List.of(new GroupCommand.Protocol(protocol, GroupRecords.bytes(out.toBuffer()))),
                "m" + request,
                new GroupCommand.Abilities(false, false));
    }

    private GroupAnswer.Joined join(String memberId, @Nullable String instanceId) {
        return joined(submit(joining(memberId, instanceId)));
    }

    private GroupAnswer.Joined joined(long request) {
        return (GroupAnswer.Joined) answer(request);
    }

    private long submit(GroupCommand.Join join) {
        decide(join);
        return join.requestId();
    }

    private GroupAnswer.Synced sync(String memberId, int generation) {
        long request = ++requests;
        decide(new GroupCommand.Sync(
                request, "g", new GroupCommand.Identity(memberId, null), generation, "consumer", "range", Map.of()));
        return (GroupAnswer.Synced) answer(request);
    }

    private static Set<TopicIdPartition> partitions(GroupAnswer.Synced synced) {
        assertThat(synced.error()).isEqualTo(ErrorCode.NONE);
        return ConsumerProtocol.assigned(ConsumerProtocol.assignment(ByteBuffer.wrap(synced.assignment())), TOPICS);
    }

    private ErrorCode heartbeat(String memberId, int generation) {
        long request = ++requests;
        decide(new GroupCommand.Heartbeat(request, "g", new GroupCommand.Identity(memberId, null), generation));
        return ((GroupAnswer.Done) answer(request)).error();
    }

    private ErrorCode commit(String memberId, int generation) {
        long request = ++requests;
        TopicPartition partition = new TopicPartition("t", 0);
        decide(new GroupCommand.Commit(
                request,
                "g",
                new GroupCommand.Identity(memberId, null),
                generation,
                Map.of(partition, new CommittedOffset(1, -1, "", nowMs))));
        return ((GroupAnswer.ByPartition) answer(request)).errors().get(partition);
    }

    private GroupAnswer.Heard consumer(String memberId, int epoch, @Nullable Set<TopicIdPartition> owned) {
        long request = ++requests;
        boolean joins = epoch == 0;
        decide(new GroupCommand.ConsumerHeartbeat(
                request,
                "g",
                memberId,
                epoch,
                null,
                null,
                new GroupCommand.Client("c", "/h"),
                joins ? 1000 : -1,
                joins ? List.of("t") : null,
                null,
                null,
                owned,
                null));
        return (GroupAnswer.Heard) answer(request);
    }

    private GroupAnswer answer(long request) {
        return answers.stream()
                .filter(answer -> answer.requestId() == request)
                .findFirst()
                .orElseThrow();
    }

    private void decide(GroupCommand command) {
        Decision<GroupEvent, List<GroupAnswer>> decision = machine.decide(command, nowMs);
        decision.events().forEach(event -> machine.apply(0, event));
        answers.addAll(decision.reply());
    }
}
