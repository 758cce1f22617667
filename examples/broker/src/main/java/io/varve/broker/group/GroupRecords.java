// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.partition.TopicPartition;
import io.varve.kafka.MessageReader;
import io.varve.kafka.MessageWriter;
import io.varve.kafka.ProtocolException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The records of __consumer_offsets, in Kafka's own formats, so that Kafka's tools can read them. All numbers are big-endian; a string
 * is a length of two bytes and UTF-8, -1 for null; bytes are a length of four bytes and the bytes.
 *
 * <pre>
 *   key    1 (2) | group | topic | partition (4)                    an offset; 0 in records of old brokers
 *   value  3 (2) | offset (8) | leader epoch (4) | metadata | commit time ms (8)
 *          1 (2) | offset (8) | metadata | commit time ms (8) | expire time ms (8)       an offset with a retention of its own
 *   key    2 (2) | group                                            a group
 *   value  3 (2) | protocol type | generation (4) | protocol | leader | state since ms (8) | member count (4) | members
 *   member: id | instance id | client id | client host | rebalance timeout ms (4) | session timeout ms (4) |
 *           subscription (bytes) | assignment (bytes)
 * </pre>
 *
 * <p>The records of consumer groups of KIP-848 are those of {@link ConsumerRecords}.
 *
 * <p>A record without a value says that its offset or group is no more. Values of all versions up to 4 are read: earlier ones lack
 * some fields, and version 4 is version 3 with compact lengths and tagged fields.
 */
final class GroupRecords {

    private static final short OFFSET_KEY = 1;
    private static final short GROUP_KEY = 2;
    private static final short OFFSET_VALUE = 3;
    private static final short EXPIRING_OFFSET_VALUE = 1;
    private static final short GROUP_VALUE = 3;
    private static final short LATEST_VALUE = 4;
    private static final short FLEXIBLE_SINCE = 4;

    private GroupRecords() {}

    /** A record to be stored. */
    record Stored(ByteBuffer key, @Nullable ByteBuffer value) {}

    static Stored encode(GroupEvent event) {
        if (event instanceof GroupEvent.OffsetCommitted committed) {
            return new Stored(offsetKey(committed.groupId(), committed.partition()), offsetValue(committed.offset()));
        }
        if (event instanceof GroupEvent.OffsetDeleted deleted) {
            return new Stored(offsetKey(deleted.groupId(), deleted.partition()), null);
        }
        if (event instanceof GroupEvent.GroupDeleted deleted) {
            return new Stored(groupKey(deleted.groupId()), null);
        }
        if (event instanceof GroupEvent.ConsumerGroupDeleted deleted) {
            return ConsumerRecords.deleted(deleted.groupId());
        }
        if (event instanceof ConsumerGroupEvent part) {
            return ConsumerRecords.encode(part);
        }
        Group group = ((GroupEvent.GroupChanged) event).group();
        return new Stored(groupKey(group.id()), groupValue(group));
    }

    private static ByteBuffer offsetKey(String groupId, TopicPartition partition) {
        MessageWriter out = new MessageWriter();
        out.writeShort(OFFSET_KEY);
        out.writeString(groupId, false);
        out.writeString(partition.topic(), false);
        out.writeInt(partition.index());
        return out.toBuffer();
    }

    private static ByteBuffer offsetValue(CommittedOffset offset) {
        MessageWriter out = new MessageWriter();
        boolean expiring = offset.expireMs() != CommittedOffset.AS_CONFIGURED;
        out.writeShort(expiring ? EXPIRING_OFFSET_VALUE : OFFSET_VALUE);
        out.writeLong(offset.offset());
        if (!expiring) {
            out.writeInt(offset.leaderEpoch());
        }
        out.writeString(offset.metadata(), false);
        out.writeLong(offset.commitMs());
        if (expiring) {
            out.writeLong(offset.expireMs());
        }
        return out.toBuffer();
    }

    private static ByteBuffer groupKey(String groupId) {
        MessageWriter out = new MessageWriter();
        out.writeShort(GROUP_KEY);
        out.writeString(groupId, false);
        return out.toBuffer();
    }

    private static ByteBuffer groupValue(Group group) {
        MessageWriter out = new MessageWriter();
        out.writeShort(GROUP_VALUE);
        out.writeString(group.protocolType() == null ? "" : group.protocolType(), false);
        out.writeInt(group.generation());
        out.writeNullableString(group.protocolName(), false, true, "protocol");
        out.writeNullableString(group.leaderId(), false, true, "leader");
        out.writeLong(group.sinceMs());
        out.writeArrayLength(group.members().size(), false);
        for (Member member : group.members().values()) {
            out.writeString(member.memberId(), false);
            out.writeNullableString(member.instanceId(), false, true, "instance");
            out.writeString(member.client().id(), false);
            out.writeString(member.client().host(), false);
            out.writeInt(member.timeouts().rebalanceMs());
            out.writeInt(member.timeouts().sessionMs());
            out.writeBytes(ByteBuffer.wrap(member.metadata(group.protocolName())), false);
            out.writeBytes(ByteBuffer.wrap(member.assignment()), false);
        }
        return out.toBuffer();
    }

    /**
     * The event that a record stands for, null for a kind of record that is not ours.
     *
     * @param nowMs from when the sessions of the members count, because the broker has just learnt of them
     * @throws ProtocolException when the record is malformed
     */
    static @Nullable GroupEvent decode(ByteBuffer key, @Nullable ByteBuffer value, long nowMs) {
        MessageReader in = new MessageReader(key.duplicate());
        short kind = in.readShort();
        if (kind == GROUP_KEY) {
            String groupId = in.readString(false);
            return value == null ? new GroupEvent.GroupDeleted(groupId) : group(groupId, value, nowMs);
        }
        if (kind < 0 || kind > OFFSET_KEY) {
            return ConsumerRecords.decode(kind, in, value, nowMs);
        }
        String groupId = in.readString(false);
        TopicPartition partition = new TopicPartition(in.readString(false), in.readInt());
        return value == null
                ? new GroupEvent.OffsetDeleted(groupId, partition)
                : new GroupEvent.OffsetCommitted(groupId, partition, offset(value));
    }

    private static CommittedOffset offset(ByteBuffer value) {
        MessageReader in = new MessageReader(value.duplicate());
        short version = version(in);
        long offset = in.readLong();
        int leaderEpoch = version >= 3 ? in.readInt() : -1;
        String metadata = in.readString(version >= FLEXIBLE_SINCE);
        long commitMs = in.readLong();
        long expireMs = version == EXPIRING_OFFSET_VALUE ? in.readLong() : CommittedOffset.AS_CONFIGURED;
        return new CommittedOffset(
                offset, leaderEpoch, metadata, commitMs, Math.max(expireMs, CommittedOffset.AS_CONFIGURED));
    }

    private static short version(MessageReader in) {
        short version = in.readShort();
        if (version < 0 || version > LATEST_VALUE) {
            throw new ProtocolException("unknown version of a record of groups: version=" + version);
        }
        return version;
    }

    private static GroupEvent group(String groupId, ByteBuffer value, long nowMs) {
        MessageReader in = new MessageReader(value.duplicate());
        short version = version(in);
        boolean flexible = version >= FLEXIBLE_SINCE;
        String protocolType = in.readString(flexible);
        int generation = in.readInt();
        String protocol = in.readNullableString(flexible, true);
        String leader = in.readNullableString(flexible, true);
        long sinceMs = version >= 2 ? in.readLong() : -1;
        int count = in.readArrayLength(flexible, false);
        Map<String, Member> members = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            Member member = member(in, version, protocol, nowMs);
            members.put(member.memberId(), member);
        }
        Group group = new Group(
                groupId,
                members.isEmpty() ? Group.State.EMPTY : Group.State.STABLE,
                protocolType.isEmpty() ? null : protocolType,
                protocol,
                generation,
                leader,
                Collections.unmodifiableMap(members),
                Map.of(),
                Group.Rebalance.NONE,
                sinceMs);
        return new GroupEvent.GroupChanged(leader == null ? rebalancing(group, nowMs) : group, true);
    }

    /** Members without a leader have an assignment by nobody: they were a consumer group, and are to join. */
    private static Group rebalancing(Group group, long nowMs) {
        return group.members().isEmpty()
                ? group
                : group.in(
                        Group.State.PREPARING,
                        new Group.Rebalance(nowMs, 0, nowMs + group.rebalanceTimeoutMs()),
                        group.sinceMs());
    }

    private static Member member(MessageReader in, short version, @Nullable String protocol, long nowMs) {
        boolean flexible = version >= FLEXIBLE_SINCE;
        String memberId = in.readString(flexible);
        String instanceId = version >= 3 ? in.readNullableString(flexible, true) : null;
        GroupCommand.Client client = new GroupCommand.Client(in.readString(flexible), in.readString(flexible));
        int rebalanceMs = version >= 1 ? in.readInt() : -1;
        int sessionMs = in.readInt();
        byte[] subscription = bytes(in.readBytes(flexible));
        byte[] assignment = bytes(in.readBytes(flexible));
        if (flexible) {
            skipTags(in);
        }
        return new Member(
                memberId,
                instanceId,
                client,
                new GroupCommand.Timeouts(sessionMs, rebalanceMs < 0 ? sessionMs : rebalanceMs),
                protocol == null ? List.of() : List.of(new GroupCommand.Protocol(protocol, subscription)),
                assignment,
                nowMs + sessionMs,
                GroupCommand.NOBODY,
                GroupCommand.NOBODY);
    }

    /** Tagged fields of a member come before the next member, and none is known. */
    private static void skipTags(MessageReader in) {
        int count = in.readTagCount();
        int tag = 0;
        for (int i = 0; i < count; i++) {
            tag = in.readTag(i == 0, tag);
            int outerLimit = in.enterTag();
            in.unknownTag(List.of(), tag);
            in.leaveTag(outerLimit);
        }
    }

    static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }
}
