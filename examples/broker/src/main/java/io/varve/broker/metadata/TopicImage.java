// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import java.util.List;
import java.util.UUID;

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
}
