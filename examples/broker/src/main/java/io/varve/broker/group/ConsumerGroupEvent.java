// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * What has been decided about one consumer group: a new value of one of its parts, null when the part is no more. Each kind but the last
 * is one record of Kafka's format.
 *
 * <p>Threading: immutable.
 */
sealed interface ConsumerGroupEvent extends GroupEvent {

    String groupId();

    /** The group after the event. */
    ConsumerGroup applyTo(ConsumerGroup group);

    @Override
    default boolean isDurable() {
        return true;
    }

    /** The group is at an epoch. */
    record EpochSet(String groupId, int epoch, long metadataHash) implements ConsumerGroupEvent {
        @Override
        public ConsumerGroup applyTo(ConsumerGroup group) {
            return group.withEpoch(epoch, metadataHash);
        }
    }

    /** A member has said something new about itself, or is out; {@code atMs} is when it was heard of. */
    record MemberSet(String groupId, String memberId, @Nullable MemberMetadata metadata, long atMs)
            implements ConsumerGroupEvent {
        @Override
        public ConsumerGroup applyTo(ConsumerGroup group) {
            return metadata == null
                    ? group.without(memberId)
                    : group.with(group.members()
                            .getOrDefault(memberId, ConsumerMember.joining(memberId, atMs))
                            .with(metadata));
        }
    }

    /** The target is that of an epoch; null when the group is no more. */
    record TargetEpochSet(String groupId, @Nullable Integer epoch) implements ConsumerGroupEvent {
        @Override
        public ConsumerGroup applyTo(ConsumerGroup group) {
            return group.withTarget(epoch == null ? 0 : epoch, group.target());
        }
    }

    /** A member is to have something else. */
    record TargetSet(String groupId, String memberId, @Nullable SortedSet<TopicIdPartition> partitions)
            implements ConsumerGroupEvent {
        @Override
        public ConsumerGroup applyTo(ConsumerGroup group) {
            return group.withTarget(memberId, partitions);
        }
    }

    /** A member has something else, since {@code atMs}. */
    record CurrentSet(String groupId, String memberId, @Nullable CurrentAssignment current, long atMs)
            implements ConsumerGroupEvent {
        @Override
        public ConsumerGroup applyTo(ConsumerGroup group) {
            ConsumerMember member = group.members().get(memberId);
            if (current == null) {
                return member == null ? group : group.with(member.with(CurrentAssignment.NONE, atMs));
            }
            ConsumerMember known = member == null ? ConsumerMember.joining(memberId, atMs) : member;
            return group.with(known.with(current, atMs));
        }
    }

    /** An expression stands for other topics, or nobody uses it any more; {@code version} is that of the topics. */
    record RegexSet(String groupId, String regex, @Nullable SortedSet<String> topics, long version, long atMs)
            implements ConsumerGroupEvent {
        @Override
        public ConsumerGroup applyTo(ConsumerGroup group) {
            return group.withRegex(regex, topics);
        }
    }

    /** The group is from now on as given, in what is stored and in what is not. */
    record Became(ConsumerGroup group) implements ConsumerGroupEvent {
        @Override
        public String groupId() {
            return group.id();
        }

        @Override
        public ConsumerGroup applyTo(ConsumerGroup before) {
            return group;
        }

        @Override
        public boolean isDurable() {
            return false;
        }
    }
}
