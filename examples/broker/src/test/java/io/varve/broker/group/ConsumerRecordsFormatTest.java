// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupCurrentMemberAssignmentKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupCurrentMemberAssignmentValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMemberMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMemberMetadataValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMetadataValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupRegularExpressionKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupRegularExpressionValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMemberKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMemberValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMetadataValue;
import org.junit.jupiter.api.Test;

/** Holds the records of consumer groups against Kafka's own classes: byte for byte what these write, and read back from it. */
class ConsumerRecordsFormatTest {

    private static final String GROUP = "gö";
    private static final String MEMBER = "m";
    private static final long NOW_MS = 1_700_000_000_000L;
    private static final UUID TOPIC = new UUID(3, 4);
    private static final Uuid KAFKA_TOPIC = new Uuid(3, 4);

    @Test
    void shouldStoreTheEpoch() {
        shouldBe(
                new ConsumerGroupEvent.EpochSet(GROUP, 7, -9),
                new ConsumerGroupMetadataKey().setGroupId(GROUP),
                new ConsumerGroupMetadataValue().setEpoch(7).setMetadataHash(-9));
    }

    @Test
    void shouldStoreTheEpochOfAGroupThatReadsNothing() {
        shouldBe(
                new ConsumerGroupEvent.EpochSet(GROUP, 7, 0),
                new ConsumerGroupMetadataKey().setGroupId(GROUP),
                new ConsumerGroupMetadataValue().setEpoch(7));
    }

    @Test
    void shouldStoreAMember() {
        shouldBe(
                new ConsumerGroupEvent.MemberSet(
                        GROUP,
                        MEMBER,
                        new MemberMetadata(
                                "s",
                                null,
                                new GroupCommand.Client("c", "/h"),
                                300_000,
                                new TreeSet<>(List.of("a", "b")),
                                "x.*",
                                "range",
                                null),
                        NOW_MS),
                new ConsumerGroupMemberMetadataKey().setGroupId(GROUP).setMemberId(MEMBER),
                new ConsumerGroupMemberMetadataValue()
                        .setInstanceId("s")
                        .setRackId(null)
                        .setClientId("c")
                        .setClientHost("/h")
                        .setSubscribedTopicNames(List.of("a", "b"))
                        .setSubscribedTopicRegex("x.*")
                        .setRebalanceTimeoutMs(300_000)
                        .setServerAssignor("range"));
    }

    @Test
    void shouldStoreAMemberOfTheClassicProtocol() {
        shouldBe(
                new ConsumerGroupEvent.MemberSet(
                        GROUP,
                        MEMBER,
                        new MemberMetadata(
                                null,
                                "r",
                                new GroupCommand.Client("c", "/h"),
                                300_000,
                                new TreeSet<>(List.of("a")),
                                null,
                                null,
                                ClassicMetadata.of(
                                        45_000,
                                        List.of(
                                                new GroupCommand.Protocol("range", new byte[] {1, 2}),
                                                new GroupCommand.Protocol("sticky", new byte[0])))),
                        NOW_MS),
                new ConsumerGroupMemberMetadataKey().setGroupId(GROUP).setMemberId(MEMBER),
                new ConsumerGroupMemberMetadataValue()
                        .setInstanceId(null)
                        .setRackId("r")
                        .setClientId("c")
                        .setClientHost("/h")
                        .setSubscribedTopicNames(List.of("a"))
                        .setSubscribedTopicRegex(null)
                        .setRebalanceTimeoutMs(300_000)
                        .setServerAssignor(null)
                        .setClassicMemberMetadata(new ConsumerGroupMemberMetadataValue.ClassicMemberMetadata()
                                .setSessionTimeoutMs(45_000)
                                .setSupportedProtocols(List.of(
                                        new ConsumerGroupMemberMetadataValue.ClassicProtocol()
                                                .setName("range")
                                                .setMetadata(new byte[] {1, 2}),
                                        new ConsumerGroupMemberMetadataValue.ClassicProtocol()
                                                .setName("sticky")
                                                .setMetadata(new byte[0])))));
    }

    @Test
    void shouldStoreTheTarget() {
        shouldBe(
                new ConsumerGroupEvent.TargetEpochSet(GROUP, 8),
                new ConsumerGroupTargetAssignmentMetadataKey().setGroupId(GROUP),
                new ConsumerGroupTargetAssignmentMetadataValue().setAssignmentEpoch(8));
        shouldBe(
                new ConsumerGroupEvent.TargetSet(
                        GROUP,
                        MEMBER,
                        new TreeSet<>(List.of(new TopicIdPartition(TOPIC, 0), new TopicIdPartition(TOPIC, 5)))),
                new ConsumerGroupTargetAssignmentMemberKey().setGroupId(GROUP).setMemberId(MEMBER),
                new ConsumerGroupTargetAssignmentMemberValue()
                        .setTopicPartitions(List.of(new ConsumerGroupTargetAssignmentMemberValue.TopicPartition()
                                .setTopicId(KAFKA_TOPIC)
                                .setPartitions(List.of(0, 5)))));
    }

    @Test
    void shouldStoreWhatAMemberHas() {
        shouldBe(
                new ConsumerGroupEvent.CurrentSet(
                        GROUP,
                        MEMBER,
                        CurrentAssignment.of(
                                6,
                                5,
                                CurrentAssignment.State.UNREVOKED,
                                Map.of(new TopicIdPartition(TOPIC, 1), 6, new TopicIdPartition(TOPIC, 2), 3),
                                Map.of(new TopicIdPartition(TOPIC, 4), 5)),
                        NOW_MS),
                new ConsumerGroupCurrentMemberAssignmentKey().setGroupId(GROUP).setMemberId(MEMBER),
                new ConsumerGroupCurrentMemberAssignmentValue()
                        .setMemberEpoch(6)
                        .setPreviousMemberEpoch(5)
                        .setState((byte) 1)
                        .setAssignedPartitions(List.of(partitions(List.of(1, 2), List.of(6, 3))))
                        .setPartitionsPendingRevocation(List.of(partitions(List.of(4), List.of(5)))));
    }

    @Test
    void shouldReadWhatAMemberHasWithoutEpochsOfPartitions() {
        ByteBuffer value = bytes(new ConsumerGroupCurrentMemberAssignmentValue()
                .setMemberEpoch(6)
                .setPreviousMemberEpoch(5)
                .setState((byte) 0)
                .setAssignedPartitions(List.of(partitions(List.of(1, 2), null))));
        ByteBuffer key = key(
                8,
                new ConsumerGroupCurrentMemberAssignmentKey().setGroupId(GROUP).setMemberId(MEMBER));

        ConsumerGroupEvent.CurrentSet read = (ConsumerGroupEvent.CurrentSet) GroupRecords.decode(key, value, NOW_MS);

        assertThat(read.current().assigned())
                .isEqualTo(Map.of(new TopicIdPartition(TOPIC, 1), 6, new TopicIdPartition(TOPIC, 2), 6));
    }

    @Test
    void shouldStoreAnExpression() {
        shouldBe(
                new ConsumerGroupEvent.RegexSet(GROUP, "x.*", new TreeSet<>(List.of("x1", "x2")), 12, NOW_MS),
                new ConsumerGroupRegularExpressionKey().setGroupId(GROUP).setRegularExpression("x.*"),
                new ConsumerGroupRegularExpressionValue()
                        .setTopics(List.of("x1", "x2"))
                        .setVersion(12)
                        .setTimestamp(NOW_MS));
    }

    @Test
    void shouldStoreThatAGroupIsNoMore() {
        GroupEvent event = new GroupEvent.ConsumerGroupDeleted(GROUP);

        GroupRecords.Stored stored = GroupRecords.encode(event);

        assertThat(stored.key()).isEqualTo(key(3, new ConsumerGroupMetadataKey().setGroupId(GROUP)));
        assertThat(stored.value()).isNull();
        assertThat(GroupRecords.decode(stored.key(), null, NOW_MS)).isEqualTo(event);
    }

    private static ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions partitions(
            List<Integer> indexes, List<Integer> epochs) {
        return new ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions()
                .setTopicId(KAFKA_TOPIC)
                .setPartitions(indexes)
                .setAssignmentEpochs(epochs);
    }

    private static void shouldBe(ConsumerGroupEvent event, ApiMessage key, ApiMessage value) {
        GroupRecords.Stored stored = GroupRecords.encode(event);

        assertThat(stored.key()).isEqualTo(key(key.apiKey(), key));
        assertThat(stored.value()).isEqualTo(bytes(value));
        assertThat(GroupRecords.decode(stored.key(), stored.value(), NOW_MS)).isEqualTo(event);
    }

    private static ByteBuffer key(int kind, ApiMessage key) {
        return MessageUtil.toVersionPrefixedByteBuffer((short) 0, key).putShort(0, (short) kind);
    }

    private static ByteBuffer bytes(ApiMessage value) {
        return MessageUtil.toVersionPrefixedByteBuffer((short) 0, value);
    }
}
