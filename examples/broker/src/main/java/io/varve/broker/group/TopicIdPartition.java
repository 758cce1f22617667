// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.Comparator;
import java.util.UUID;

/** A partition of a topic that is known by its id: a later topic of the same name is another one. */
record TopicIdPartition(UUID topicId, int index) implements Comparable<TopicIdPartition> {

    private static final Comparator<TopicIdPartition> ORDER =
            Comparator.comparing(TopicIdPartition::topicId).thenComparingInt(TopicIdPartition::index);

    @Override
    public int compareTo(TopicIdPartition other) {
        return ORDER.compare(this, other);
    }
}
