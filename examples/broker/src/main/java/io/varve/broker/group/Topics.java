// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.TopicImage;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
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

    /**
     * A topic; its partitions are numbered from 0.
     *
     * @param racks where the replicas of each partition stand, by its number; empty when nobody says
     */
    record Topic(String name, UUID id, int partitions, List<Set<String>> racks) {

        /** A topic of whose racks nothing is known. */
        Topic(String name, UUID id, int partitions) {
            this(name, id, partitions, List.of());
        }

        /** Whether a partition has a replica in a rack. */
        boolean isIn(int index, @Nullable String rack) {
            return rack != null && index < racks.size() && racks.get(index).contains(rack);
        }
    }

    private final long version;

    /** Where brokers stand or stood: one that is away for a while has not moved. */
    private final Map<Integer, String> racks;

    private final Map<String, Topic> byName = new HashMap<>();
    private final Map<UUID, Topic> byId = new HashMap<>();

    /**
     * Makes the topics of one moment.
     *
     * @param version differs from that of every other moment whose topics differ
     */
    Topics(long version, Collection<Topic> topics) {
        this(version, Map.of(), topics);
    }

    private Topics(long version, Map<Integer, String> racks, Collection<Topic> topics) {
        this.version = version;
        this.racks = racks;
        for (Topic topic : topics) {
            byName.put(topic.name(), topic);
            byId.put(topic.id(), topic);
        }
    }

    /** The topics of an image: these when nothing about them has changed that groups must know of, or else a later version. */
    Topics following(ClusterImage image) {
        Map<Integer, String> known = new HashMap<>(racks);
        for (BrokerImage broker : image.brokers()) {
            if (broker.rack() != null) {
                known.put(broker.id(), broker.rack());
            }
        }
        Topics next = new Topics(
                version + 1,
                known,
                image.topics().stream().map(topic -> topic(topic, known)).toList());
        return next.byName.equals(byName) && known.equals(racks) ? this : next;
    }

    private static Topic topic(TopicImage topic, Map<Integer, String> racks) {
        List<Set<String>> ofPartitions = racks.isEmpty()
                ? List.of()
                : topic.partitions().stream()
                        .map(partition -> racks(partition.replicas(), racks))
                        .toList();
        return new Topic(topic.name(), topic.id(), topic.partitions().size(), ofPartitions);
    }

    private static Set<String> racks(List<Integer> brokers, Map<Integer, String> racks) {
        Set<String> found = new TreeSet<>();
        for (int broker : brokers) {
            String rack = racks.get(broker);
            if (rack != null) {
                found.add(rack);
            }
        }
        return found;
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

    /** A number that changes when one of these topics comes, goes, is made anew or grows, or its replicas come to other racks (KIP-1101). */
    long hash(SortedSet<String> names) {
        long hash = HASH_SEED;
        for (String name : names) {
            Topic topic = byName.get(name);
            if (topic != null) {
                hash = mix(hash, name);
                hash = mix(hash, topic.id().getMostSignificantBits());
                hash = mix(hash, topic.id().getLeastSignificantBits());
                hash = mix(hash, topic.partitions());
                for (Set<String> ofPartition : topic.racks()) {
                    hash = mix(hash, ofPartition.size());
                    for (String rack : ofPartition) {
                        hash = mix(hash, rack);
                    }
                }
            }
        }
        return hash;
    }

    private static long mix(long hash, String value) {
        long mixed = mix(hash, value.length());
        for (int i = 0; i < value.length(); i++) {
            mixed = mix(mixed, value.charAt(i));
        }
        return mixed;
    }

    private static long mix(long hash, long value) {
        long mixed = hash;
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
            mixed = (mixed ^ (value >>> shift & 0xff)) * HASH_PRIME;
        }
        return mixed;
    }
}
