// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A topic.
 *
 * <p>Threading: immutable.
 *
 * @param name its name
 * @param id its id, which no other topic ever has
 * @param partitions its partitions, by their numbers from 0
 */
public record TopicImage(String name, UUID id, List<PartitionImage> partitions) {

    /** Topics that the broker itself keeps. */
    private static final String OFFSETS = "__consumer_offsets";

    public TopicImage {
        partitions = List.copyOf(partitions);
    }

    /** Whether the broker keeps the topic for itself. */
    public boolean isInternal() {
        return isInternal(name);
    }

    /** Whether a topic of this name is the broker's own. */
    public static boolean isInternal(String name) {
        return name.equals(OFFSETS);
    }

    /** A partition by its number, null when the topic has none of this number. */
    public @Nullable PartitionImage partition(int index) {
        return index >= 0 && index < partitions.size() ? partitions.get(index) : null;
    }

    /** This topic with one partition changed. */
    public TopicImage with(PartitionImage partition) {
        List<PartitionImage> changed = new ArrayList<>(partitions);
        changed.set(partition.index(), partition);
        return new TopicImage(name, id, changed);
    }
}
