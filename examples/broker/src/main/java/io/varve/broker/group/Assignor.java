// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A way to share partitions among the members of a consumer group. Pure: the same input gives the same assignment. */
interface Assignor {

    /** The name by which members ask for it. */
    String name();

    /**
     * Shares the partitions of the topics among those who read them.
     *
     * @param members by their ids
     * @param topics the topics that somebody reads, by their ids
     * @return what each member is to have; every partition that somebody reads is somebody's, and nobody else's
     */
    Map<String, SortedSet<TopicIdPartition>> assign(
            SortedMap<String, Reader> members, SortedMap<UUID, Topics.Topic> topics);

    /**
     * Somebody to whom partitions are assigned.
     *
     * @param rank decides the order where the assignor has one: the name that a static member keeps, or its id
     * @param rack where it runs, null when it did not say
     * @param topics the topics that it reads and that exist
     * @param before what it was to have so far
     */
    record Reader(String rank, @Nullable String rack, SortedSet<UUID> topics, SortedSet<TopicIdPartition> before) {}
}
