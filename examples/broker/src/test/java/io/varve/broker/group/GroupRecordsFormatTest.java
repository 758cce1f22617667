// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.varve.broker.group.GroupCommand.Client;
import io.varve.broker.group.GroupCommand.Protocol;
import io.varve.broker.group.GroupCommand.Timeouts;
import io.varve.broker.partition.TopicPartition;
import io.varve.kafka.ProtocolException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the records of __consumer_offsets against bytes that Kafka has written. */
class GroupRecordsFormatTest {

    private static final long TIME_MS = 1_700_000_000_000L;
    private static final long NOW_MS = TIME_MS + 60_000;
    private static final TopicPartition PARTITION = new TopicPartition("t", 3);
    private static final String GROUP = "gö";

    private final Map<String, byte[]> golden = new TreeMap<>();

    @BeforeEach
    void readGoldenBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("src/test/resources/format/group-records.txt"))) {
            if (!line.startsWith("#")) {
                String[] words = line.split(" ");
                golden.put(words[0], HexFormat.of().parseHex(words[1]));
            }
        }
    }

    @Test
    void shouldWriteAnOffsetAsKafkaDoes() {
        GroupRecords.Stored stored = GroupRecords.encode(
                new GroupEvent.OffsetCommitted(GROUP, PARTITION, new CommittedOffset(42, 7, "só", TIME_MS)));

        assertThat(hex(stored.key())).isEqualTo(hex("offset-key"));
        assertThat(hex(stored.value())).isEqualTo(hex("offset-value-3"));
    }

    @Test
    void shouldWriteAnOffsetWithARetentionOfItsOwnAsKafkaDoes() {
        GroupRecords.Stored stored = GroupRecords.encode(new GroupEvent.OffsetCommitted(
                GROUP, PARTITION, new CommittedOffset(42, 7, "só", TIME_MS, TIME_MS + 5000)));

        assertThat(hex(stored.value())).isEqualTo(hex("offset-value-1"));
    }

    @Test
    void shouldWriteAGroupAsKafkaDoes() {
        GroupRecords.Stored stored = GroupRecords.encode(new GroupEvent.GroupChanged(group(), true));

        assertThat(hex(stored.key())).isEqualTo(hex("group-key"));
        assertThat(hex(stored.value())).isEqualTo(hex("group-value-3"));
    }

    @Test
    void shouldWriteAGroupWithoutMembersAsKafkaDoes() {
        Group empty =
                group().withMembers(Map.of()).generation(Group.State.EMPTY, null, null, Group.Rebalance.NONE, TIME_MS);

        GroupRecords.Stored stored = GroupRecords.encode(new GroupEvent.GroupChanged(empty, true));
        GroupEvent read = GroupRecords.decode(buffer("group-key"), buffer("empty-group-value-3"), NOW_MS);

        assertThat(hex(stored.value())).isEqualTo(hex("empty-group-value-3"));
        assertThat(read).isEqualTo(new GroupEvent.GroupChanged(empty, true));
    }

    @Test
    void shouldWriteTombstones() {
        GroupRecords.Stored offset = GroupRecords.encode(new GroupEvent.OffsetDeleted(GROUP, PARTITION));
        GroupRecords.Stored group = GroupRecords.encode(new GroupEvent.GroupDeleted(GROUP));

        assertThat(offset.value()).isNull();
        assertThat(group.value()).isNull();
        assertThat(GroupRecords.decode(offset.key(), null, NOW_MS))
                .isEqualTo(new GroupEvent.OffsetDeleted(GROUP, PARTITION));
        assertThat(GroupRecords.decode(group.key(), null, NOW_MS)).isEqualTo(new GroupEvent.GroupDeleted(GROUP));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void shouldReadOffsetsOfEveryVersion(int version) {
        for (String key : List.of("offset-key", "legacy-offset-key")) {
            GroupEvent read = GroupRecords.decode(buffer(key), buffer("offset-value-" + version), NOW_MS);

            assertThat(read)
                    .isEqualTo(new GroupEvent.OffsetCommitted(
                            GROUP,
                            PARTITION,
                            new CommittedOffset(
                                    42,
                                    version >= 3 ? 7 : -1,
                                    "só",
                                    TIME_MS,
                                    version == 1 ? TIME_MS + 5000 : CommittedOffset.AS_CONFIGURED)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void shouldReadGroupsOfEveryVersion(int version) {
        GroupEvent.GroupChanged read = (GroupEvent.GroupChanged)
                GroupRecords.decode(buffer("group-key"), buffer("group-value-" + version), NOW_MS);

        Group group = read.group();
        assertThat(group.state()).isEqualTo(Group.State.STABLE);
        assertThat(group.protocolType()).isEqualTo("consumer");
        assertThat(group.protocolName()).isEqualTo("range");
        assertThat(group.generation()).isEqualTo(3);
        assertThat(group.leaderId()).isEqualTo("m-1");
        assertThat(group.sinceMs()).isEqualTo(version >= 2 ? TIME_MS : -1);
        assertThat(group.members()).containsOnlyKeys("m-1", "m-2");
        Member member = group.members().get("m-1");
        assertThat(member.instanceId()).isEqualTo(version >= 3 ? "s" : null);
        assertThat(member.client()).isEqualTo(new Client("c", "/h"));
        assertThat(member.timeouts()).isEqualTo(new Timeouts(10_000, version >= 1 ? 30_000 : 10_000));
        assertThat(member.metadata("range")).containsExactly(1, 2);
        assertThat(member.assignment()).containsExactly(3);
        assertThat(member.deadlineMs()).isEqualTo(NOW_MS + 10_000);
        assertThat(member.isJoining() || member.isSyncing() || member.owesSync())
                .isFalse();
        assertThat(group.members().get("m-2").instanceId()).isNull();
    }

    @Test
    void shouldPassOverKindsOfRecordsThatAreNotItsOwn() {
        ByteBuffer later = ByteBuffer.allocate(20).putShort(0, (short) 11);
        ByteBuffer negative = ByteBuffer.allocate(20).putShort(0, (short) -1);

        assertThat(GroupRecords.decode(later, buffer("group-value-3"), NOW_MS)).isNull();
        assertThat(GroupRecords.decode(negative, null, NOW_MS)).isNull();
    }

    @Test
    void shouldRefuseAValueOfAConsumerGroupOfALaterVersion() {
        ByteBuffer key = ByteBuffer.allocate(4).putShort(0, (short) 3);
        ByteBuffer later = ByteBuffer.allocate(20).putShort(0, (short) 1);

        assertThatThrownBy(() -> GroupRecords.decode(key, later, NOW_MS))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("version=1");
    }

    @Test
    void shouldRefuseAValueOfALaterVersion() {
        ByteBuffer later = buffer("offset-value-3").putShort(0, (short) 5);

        assertThatThrownBy(() -> GroupRecords.decode(buffer("offset-key"), later, NOW_MS))
                .isInstanceOf(ProtocolException.class)
                .hasMessageContaining("version=5");
    }

    @Test
    void shouldFailOnDamagedBytesWithAProtocolExceptionOnly() {
        Random random = new Random(7);
        int failures = 0;
        for (Map.Entry<String, byte[]> entry : golden.entrySet()) {
            for (int i = 0; i < 3000; i++) {
                byte[] bytes = damaged(entry.getValue(), i, random);
                boolean isKey = entry.getKey().endsWith("-key");
                boolean isOffset = entry.getKey().startsWith("offset");
                ByteBuffer key = isKey ? ByteBuffer.wrap(bytes) : buffer(isOffset ? "offset-key" : "group-key");
                ByteBuffer value = isKey ? null : ByteBuffer.wrap(bytes);

                Throwable failure = catchThrowable(() -> GroupRecords.decode(key, value, NOW_MS));

                if (failure != null) {
                    assertThat(failure)
                            .as("%s %s", entry.getKey(), HexFormat.of().formatHex(bytes))
                            .isInstanceOf(ProtocolException.class);
                    failures++;
                }
            }
        }
        assertThat(failures).isGreaterThan(5000);
    }

    /** First every prefix, then single bytes replaced. */
    private static byte[] damaged(byte[] whole, int i, Random random) {
        if (i < whole.length) {
            return Arrays.copyOf(whole, i);
        }
        byte[] bytes = whole.clone();
        for (int n = 1 + random.nextInt(4); n > 0; n--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    private static Group group() {
        Map<String, Member> members = new LinkedHashMap<>();
        members.put("m-1", member("m-1", "s"));
        members.put("m-2", member("m-2", null));
        return new Group(
                GROUP,
                Group.State.STABLE,
                "consumer",
                "range",
                3,
                "m-1",
                members,
                Map.of(),
                Group.Rebalance.NONE,
                TIME_MS);
    }

    private static Member member(String id, String instanceId) {
        return new Member(
                id,
                instanceId,
                new Client("c", "/h"),
                new Timeouts(10_000, 30_000),
                List.of(new Protocol("sticky", new byte[] {9}), new Protocol("range", new byte[] {1, 2})),
                new byte[] {3},
                0,
                GroupCommand.NOBODY,
                GroupCommand.NOBODY);
    }

    private ByteBuffer buffer(String name) {
        return ByteBuffer.wrap(golden.get(name).clone());
    }

    private String hex(String name) {
        return HexFormat.of().formatHex(golden.get(name));
    }

    private static String hex(ByteBuffer buffer) {
        return HexFormat.of().formatHex(GroupRecords.bytes(buffer));
    }
}
