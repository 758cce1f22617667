// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.kafka.MessageReader;
import io.varve.kafka.MessageWriter;
import io.varve.kafka.ProtocolException;
import io.varve.kafka.message.ConsumerProtocolAssignment;
import io.varve.kafka.message.ConsumerProtocolSubscription;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What consumers and their leader say to each other in the classic protocol, which a broker need not understand: a version of two bytes
 * and a message.
 */
final class ConsumerProtocol {

    /** The protocol type of consumers. */
    static final String TYPE = "consumer";

    private ConsumerProtocol() {}

    /** What a member wants and has; null when it cannot be understood, because others than consumers say what they like. */
    static @Nullable ConsumerProtocolSubscription subscription(ByteBuffer bytes) {
        try {
            MessageReader reader = new MessageReader(bytes.duplicate());
            short version = reader.readShort();
            ConsumerProtocolSubscription subscription = new ConsumerProtocolSubscription();
            subscription.read(reader, (short) Math.min(version, subscription.latestVersion()));
            return subscription;
        } catch (ProtocolException e) {
            return null;
        }
    }

    /** What a leader has assigned; null when it cannot be understood. An empty one comes before the first assignment. */
    static @Nullable ConsumerProtocolAssignment assignment(ByteBuffer bytes) {
        if (!bytes.hasRemaining()) {
            return new ConsumerProtocolAssignment();
        }
        try {
            MessageReader reader = new MessageReader(bytes.duplicate());
            short version = reader.readShort();
            ConsumerProtocolAssignment assignment = new ConsumerProtocolAssignment();
            assignment.read(reader, (short) Math.min(version, assignment.latestVersion()));
            return assignment;
        } catch (ProtocolException e) {
            return null;
        }
    }

    /** The partitions that a member says that it has; those of topics that are no more are left out. */
    static SortedSet<TopicIdPartition> owned(ConsumerProtocolSubscription subscription, Topics topics) {
        SortedSet<TopicIdPartition> owned = new TreeSet<>();
        subscription.ownedPartitions().forEach(of -> add(topics.topic(of.topic()), of.partitions(), owned));
        return owned;
    }

    /** The partitions of an assignment; those of topics that are no more are left out. */
    static SortedSet<TopicIdPartition> assigned(ConsumerProtocolAssignment assignment, Topics topics) {
        SortedSet<TopicIdPartition> assigned = new TreeSet<>();
        assignment.assignedPartitions().forEach(of -> add(topics.topic(of.topic()), of.partitions(), assigned));
        return assigned;
    }

    private static void add(Topics.@Nullable Topic topic, List<Integer> indexes, SortedSet<TopicIdPartition> to) {
        if (topic != null) {
            indexes.forEach(index -> to.add(new TopicIdPartition(topic.id(), index)));
        }
    }

    /**
     * An assignment as a leader would make it.
     *
     * @param metadata what the member said, whose version it understands
     */
    static byte[] assignment(Iterable<TopicIdPartition> partitions, ByteBuffer metadata, Topics topics) {
        SortedMap<String, List<Integer>> byTopic = new TreeMap<>();
        for (TopicIdPartition partition : partitions) {
            Topics.Topic topic = topics.topic(partition.topicId());
            if (topic != null) {
                byTopic.computeIfAbsent(topic.name(), name -> new ArrayList<>()).add(partition.index());
            }
        }
        ConsumerProtocolAssignment assignment = new ConsumerProtocolAssignment()
                .assignedPartitions(byTopic.entrySet().stream()
                        .map(topic -> new ConsumerProtocolAssignment.TopicPartition()
                                .topic(topic.getKey())
                                .partitions(topic.getValue()))
                        .toList());
        short version =
                (short) Math.min(new MessageReader(metadata.duplicate()).readShort(), assignment.latestVersion());
        MessageWriter out = new MessageWriter();
        out.writeShort(version);
        assignment.write(out, version);
        return GroupRecords.bytes(out.toBuffer());
    }
}
