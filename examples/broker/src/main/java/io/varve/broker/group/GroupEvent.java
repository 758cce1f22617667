// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.partition.TopicPartition;

/**
 * What has been decided about groups.
 *
 * <p>An event is durable, and becomes a record, when a broker that starts anew must know of it: a generation that got its
 * assignment, a group that became empty, offsets. A rebalance that is under way is not: its members join again.
 *
 * <p>Threading: immutable.
 */
sealed interface GroupEvent
        permits GroupEvent.TopicsKnown,
                GroupEvent.GroupChanged,
                GroupEvent.GroupDeleted,
                GroupEvent.ConsumerGroupDeleted,
                GroupEvent.OffsetCommitted,
                GroupEvent.OffsetDeleted,
                ConsumerGroupEvent {

    /** Whether the event is stored. */
    boolean isDurable();

    /** The topics of the cluster are these; every broker knows them by itself. */
    record TopicsKnown(Topics topics) implements GroupEvent {
        @Override
        public boolean isDurable() {
            return false;
        }
    }

    /** A group is from now on as given. */
    record GroupChanged(Group group, boolean isDurable) implements GroupEvent {}

    /** A group is no more. */
    record GroupDeleted(String groupId) implements GroupEvent {
        @Override
        public boolean isDurable() {
            return true;
        }
    }

    /** A consumer group of KIP-848 is no more. */
    record ConsumerGroupDeleted(String groupId) implements GroupEvent {
        @Override
        public boolean isDurable() {
            return true;
        }
    }

    /** A group has come this far. */
    record OffsetCommitted(String groupId, TopicPartition partition, CommittedOffset offset) implements GroupEvent {
        @Override
        public boolean isDurable() {
            return true;
        }
    }

    /** How far a group had come is forgotten. */
    record OffsetDeleted(String groupId, TopicPartition partition) implements GroupEvent {
        @Override
        public boolean isDurable() {
            return true;
        }
    }
}
