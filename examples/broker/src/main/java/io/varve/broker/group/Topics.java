// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.metadata.ClusterImage;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What consumer groups must know of the cluster's topics, as of one moment.
 *
 * <p>Threading: immutable.
 */
final class Topics {

    static final Topics NONE = new Topics(0, List.of());

    /** 64-bit FNV-1a, whose result must be the same in every process. */
    private static final long HASH_SEED = 0xcbf29ce484222325L;

    private static final long HASH_PRIME = 0x100000001b3L;

    /** A topic; its partitions are numbered from 0. */
    record Topic(String name, UUID id, int partitions) {}

    private final long version;
    private final Map<String, Topic> byName = new HashMap<>();
    private final Map<UUID, Topic> byId = new HashMap<>();

    /**
     * Makes the topics of one moment.
     *
     * @param version differs from that of every other moment whose topics differ
     */
    Topics(long version, Collection<Topic> topics) {
        this.version = version;
        for (Topic topic : topics) {
            byName.put(topic.name(), topic);
            byId.put(topic.id(), topic);
        }
    }

    /** The topics of an image: these when nothing about them has changed that groups must know of, or else a later version. */
    Topics following(ClusterImage image) {
        Topics next = new Topics(
                version + 1,
                image.topics().stream()
                        .map(topic -> new Topic(
                                topic.name(), topic.id(), topic.partitions().size()))
                        .toList());
        return next.byName.equals(byName) ? this : next;
    }

    long version() {
        return version;
    }

    Collection<String> names() {
        return byName.keySet();
    }

    @Nullable
    Topic topic(String name) {
        return byName.get(name);
    }

    @Nullable
    Topic topic(UUID id) {
        return byId.get(id);
    }

    /** A number that changes when one of these topics comes, goes, is made anew or grows. */
    long hash(SortedSet<String> names) {
        long hash = HASH_SEED;
        for (String name : names) {
            Topic topic = byName.get(name);
            if (topic != null) {
                for (int i = 0; i < name.length(); i++) {
                    hash = mix(hash, name.charAt(i));
                }
                hash = mix(hash, topic.id().getMostSignificantBits());
                hash = mix(hash, topic.id().getLeastSignificantBits());
                hash = mix(hash, topic.partitions());
            }
        }
        return hash;
    }

    private static long mix(long hash, long value) {
        long mixed = hash;
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
            mixed = (mixed ^ (value >>> shift & 0xff)) * HASH_PRIME;
        }
        return mixed;
    }
}
