// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.GroupRecords.Stored;
import io.varve.kafka.MessageReader;
import io.varve.kafka.MessageWriter;
import io.varve.kafka.ProtocolException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The records of consumer groups of KIP-848 in __consumer_offsets, in Kafka's own formats. Keys are as in {@link GroupRecords}; values
 * are of version 0 with compact lengths, and end with tagged fields, as does each topic in them.
 *
 * <pre>
 *   key    3 (2) | group                       value  0 (2) | epoch (4) | tag 0: hash of the topics (8)
 *   key    5 (2) | group | member              value  0 (2) | instance id | rack | client id | client host | topic names |
 *                                                     expression | rebalance timeout ms (4) | assignor | tag 0: classic
 *                                                     classic: {@link MemberRecord}
 *   key    6 (2) | group                       value  0 (2) | epoch of the target (4)
 *   key    7 (2) | group | member              value  0 (2) | topics: id (16) | partitions (4 each)
 *   key    8 (2) | group | member              value  0 (2) | epoch (4) | previous epoch (4) | state (1) | assigned | revoking
 *                                                     topics: id (16) | partitions | tag 0: epoch of each partition (4 each)
 *   key   16 (2) | group | expression          value  0 (2) | topic names | version of the topics (8) | time ms (8)
 * </pre>
 *
 * <p>A record without a value says that its part is no more. Tagged fields that are not known are skipped.
 */
final class ConsumerRecords {

    private static final short EPOCH_KEY = 3;
    private static final short MEMBER_KEY = 5;
    private static final short TARGET_EPOCH_KEY = 6;
    private static final short TARGET_KEY = 7;
    private static final short CURRENT_KEY = 8;
    private static final short REGEX_KEY = 16;
    private static final Set<Short> KINDS =
            Set.of(EPOCH_KEY, MEMBER_KEY, TARGET_EPOCH_KEY, TARGET_KEY, CURRENT_KEY, REGEX_KEY);
    private static final short VERSION = 0;
    private static final int EXTRA_TAG = 0;

    private ConsumerRecords() {}

    static Stored deleted(String groupId) {
        return new Stored(key(EPOCH_KEY, groupId, null), null);
    }

    static Stored encode(ConsumerGroupEvent event) {
        String groupId = event.groupId();
        if (event instanceof ConsumerGroupEvent.EpochSet set) {
            return new Stored(key(EPOCH_KEY, groupId, null), epoch(set));
        }
        if (event instanceof ConsumerGroupEvent.MemberSet set) {
            return new Stored(
                    key(MEMBER_KEY, groupId, set.memberId()),
                    set.metadata() == null ? null : MemberRecord.write(set.metadata(), value()));
        }
        if (event instanceof ConsumerGroupEvent.TargetEpochSet set) {
            return new Stored(key(TARGET_EPOCH_KEY, groupId, null), set.epoch() == null ? null : target(set.epoch()));
        }
        if (event instanceof ConsumerGroupEvent.TargetSet set) {
            return new Stored(
                    key(TARGET_KEY, groupId, set.memberId()),
                    set.partitions() == null ? null : target(set.partitions()));
        }
        if (event instanceof ConsumerGroupEvent.CurrentSet set) {
            return new Stored(
                    key(CURRENT_KEY, groupId, set.memberId()), set.current() == null ? null : current(set.current()));
        }
        if (event instanceof ConsumerGroupEvent.RegexSet set) {
            return new Stored(key(REGEX_KEY, groupId, set.regex()), set.topics() == null ? null : regex(set));
        }
        throw new IllegalArgumentException("not an event that is stored: event=" + event);
    }

    private static ByteBuffer key(short kind, String groupId, @Nullable String part) {
        MessageWriter out = new MessageWriter();
        out.writeShort(kind);
        out.writeString(groupId, false);
        if (part != null) {
            out.writeString(part, false);
        }
        return out.toBuffer();
    }

    private static MessageWriter value() {
        MessageWriter out = new MessageWriter();
        out.writeShort(VERSION);
        return out;
    }

    static ByteBuffer ended(MessageWriter out) {
        noTags(out);
        return out.toBuffer();
    }

    static void noTags(MessageWriter out) {
        out.writeUnsignedVarint(0);
    }

    private static ByteBuffer epoch(ConsumerGroupEvent.EpochSet set) {
        MessageWriter out = value();
        out.writeInt(set.epoch());
        if (set.metadataHash() == 0) {
            return ended(out);
        }
        out.writeUnsignedVarint(1);
        int start = out.beginTag(EXTRA_TAG);
        out.writeLong(set.metadataHash());
        out.endTag(start);
        return out.toBuffer();
    }

    private static ByteBuffer target(int epoch) {
        MessageWriter out = value();
        out.writeInt(epoch);
        return ended(out);
    }

    private static ByteBuffer target(SortedSet<TopicIdPartition> partitions) {
        MessageWriter out = value();
        SortedMap<UUID, List<Integer>> topics = byTopic(partitions);
        out.writeArrayLength(topics.size(), true);
        topics.forEach((topic, indexes) -> {
            out.writeUuid(topic);
            ints(indexes, out);
            noTags(out);
        });
        return ended(out);
    }

    private static ByteBuffer current(CurrentAssignment current) {
        MessageWriter out = value();
        out.writeInt(current.epoch());
        out.writeInt(current.previousEpoch());
        out.writeByte(code(current.state()));
        held(current.assigned(), out);
        held(current.revoking(), out);
        return ended(out);
    }

    private static byte code(CurrentAssignment.State state) {
        return switch (state) {
            case STABLE -> 0;
            case UNREVOKED -> 1;
            case UNRELEASED -> 2;
        };
    }

    /** A state that is not known is one in which the member has not arrived. */
    private static CurrentAssignment.State state(int code) {
        return switch (code) {
            case 0 -> CurrentAssignment.State.STABLE;
            case 1 -> CurrentAssignment.State.UNREVOKED;
            default -> CurrentAssignment.State.UNRELEASED;
        };
    }

    private static void held(SortedMap<TopicIdPartition, Integer> partitions, MessageWriter out) {
        SortedMap<UUID, List<Integer>> topics = byTopic(partitions.keySet());
        out.writeArrayLength(topics.size(), true);
        topics.forEach((topic, indexes) -> {
            out.writeUuid(topic);
            ints(indexes, out);
            out.writeUnsignedVarint(1);
            int start = out.beginTag(EXTRA_TAG);
            ints(
                    indexes.stream()
                            .map(index -> partitions.getOrDefault(new TopicIdPartition(topic, index), 0))
                            .toList(),
                    out);
            out.endTag(start);
        });
    }

    private static ByteBuffer regex(ConsumerGroupEvent.RegexSet set) {
        MessageWriter out = value();
        strings(set.topics() == null ? List.of() : set.topics(), out);
        out.writeLong(set.version());
        out.writeLong(set.atMs());
        return ended(out);
    }

    static void strings(Collection<String> strings, MessageWriter out) {
        out.writeArrayLength(strings.size(), true);
        strings.forEach(string -> out.writeString(string, true));
    }

    private static void ints(List<Integer> ints, MessageWriter out) {
        out.writeArrayLength(ints.size(), true);
        ints.forEach(out::writeInt);
    }

    private static SortedMap<UUID, List<Integer>> byTopic(Collection<TopicIdPartition> partitions) {
        SortedMap<UUID, List<Integer>> topics = new TreeMap<>();
        for (TopicIdPartition partition : partitions) {
            topics.computeIfAbsent(partition.topicId(), id -> new ArrayList<>()).add(partition.index());
        }
        return topics;
    }

    /**
     * Reads a record whose kind of key has been read.
     *
     * @param key what follows the kind
     * @param nowMs when the members count as heard of
     * @return null for a kind that is not a consumer group's
     * @throws ProtocolException when the record is malformed or of a later version
     */
    static @Nullable GroupEvent decode(short kind, MessageReader key, @Nullable ByteBuffer value, long nowMs) {
        if (!KINDS.contains(kind)) {
            return null;
        }
        MessageReader in = value == null ? null : value(value);
        return switch (kind) {
            case EPOCH_KEY -> {
                String groupId = key.readString(false);
                yield in == null ? new GroupEvent.ConsumerGroupDeleted(groupId) : epoch(groupId, in);
            }
            case MEMBER_KEY ->
                new ConsumerGroupEvent.MemberSet(
                        key.readString(false), key.readString(false), in == null ? null : MemberRecord.read(in), nowMs);
            case TARGET_EPOCH_KEY ->
                new ConsumerGroupEvent.TargetEpochSet(key.readString(false), in == null ? null : in.readInt());
            case TARGET_KEY ->
                new ConsumerGroupEvent.TargetSet(
                        key.readString(false), key.readString(false), in == null ? null : target(in));
            case CURRENT_KEY ->
                new ConsumerGroupEvent.CurrentSet(
                        key.readString(false), key.readString(false), in == null ? null : current(in), nowMs);
            case REGEX_KEY -> regex(key.readString(false), key.readString(false), in);
            default -> null;
        };
    }

    private static MessageReader value(ByteBuffer value) {
        MessageReader in = new MessageReader(value.duplicate());
        short version = in.readShort();
        if (version != VERSION) {
            throw new ProtocolException("unknown version of a record of consumer groups: version=" + version);
        }
        return in;
    }

    private static GroupEvent epoch(String groupId, MessageReader in) {
        int epoch = in.readInt();
        long[] hash = new long[1];
        tags(in, () -> hash[0] = in.readLong());
        return new ConsumerGroupEvent.EpochSet(groupId, epoch, hash[0]);
    }

    private static SortedSet<TopicIdPartition> target(MessageReader in) {
        SortedSet<TopicIdPartition> partitions = new TreeSet<>();
        int topics = in.readArrayLength(true, false);
        for (int i = 0; i < topics; i++) {
            UUID topic = in.readUuid();
            ints(in, false).forEach(index -> partitions.add(new TopicIdPartition(topic, index)));
            tags(in, () -> {});
        }
        return Collections.unmodifiableSortedSet(partitions);
    }

    private static CurrentAssignment current(MessageReader in) {
        int epoch = in.readInt();
        int previousEpoch = in.readInt();
        int state = in.readByte();
        return CurrentAssignment.of(epoch, previousEpoch, state(state), held(in, epoch), held(in, epoch));
    }

    /** Partitions with their epochs; those of a broker that did not store epochs count from the member's. */
    private static Map<TopicIdPartition, Integer> held(MessageReader in, int epoch) {
        SortedMap<TopicIdPartition, Integer> partitions = new TreeMap<>();
        int topics = in.readArrayLength(true, false);
        for (int i = 0; i < topics; i++) {
            UUID topic = in.readUuid();
            List<Integer> indexes = ints(in, false);
            List<Integer> epochs = new ArrayList<>();
            // Kafka writes epochs that it does not know as null.
            tags(in, () -> epochs.addAll(ints(in, true)));
            for (int at = 0; at < indexes.size(); at++) {
                partitions.put(
                        new TopicIdPartition(topic, indexes.get(at)), at < epochs.size() ? epochs.get(at) : epoch);
            }
        }
        return partitions;
    }

    private static GroupEvent regex(String groupId, String regex, @Nullable MessageReader in) {
        return in == null
                ? new ConsumerGroupEvent.RegexSet(groupId, regex, null, -1, -1)
                : new ConsumerGroupEvent.RegexSet(groupId, regex, strings(in), in.readLong(), in.readLong());
    }

    static SortedSet<String> strings(MessageReader in) {
        SortedSet<String> strings = new TreeSet<>();
        int count = in.readArrayLength(true, false);
        for (int i = 0; i < count; i++) {
            strings.add(in.readString(true));
        }
        return Collections.unmodifiableSortedSet(strings);
    }

    private static List<Integer> ints(MessageReader in, boolean nullable) {
        List<Integer> ints = new ArrayList<>();
        int count = in.readArrayLength(true, nullable, Integer.BYTES);
        for (int i = 0; i < count; i++) {
            ints.add(in.readInt());
        }
        return ints;
    }

    /** Reads tagged fields, of which at most the first is known. */
    static void tags(MessageReader in, Runnable known) {
        int count = in.readTagCount();
        int tag = -1;
        for (int i = 0; i < count; i++) {
            tag = in.readTag(i == 0, tag);
            int outerLimit = in.enterTag();
            if (tag == EXTRA_TAG) {
                known.run();
            } else {
                in.unknownTag(List.of(), tag);
            }
            in.leaveTag(outerLimit);
        }
    }
}
