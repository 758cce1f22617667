// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/**
 * Gives each reader of a topic a range of its partitions, the first readers one more when they do not divide. Readers of the same topics
 * get the same numbers of each, so that topics with equally many partitions can be joined; racks do not count for that.
 */
final class RangeAssignor implements Assignor {

    @Override
    public String name() {
        return "range";
    }

    @Override
    public Map<String, SortedSet<TopicIdPartition>> assign(
            SortedMap<String, Reader> members, SortedMap<UUID, Topics.Topic> topics) {
        Map<String, SortedSet<TopicIdPartition>> assigned = new TreeMap<>();
        members.keySet().forEach(memberId -> assigned.put(memberId, new TreeSet<>()));
        topics.forEach((id, topic) -> {
            int count = topic.partitions();
            List<SortedSet<TopicIdPartition>> readers = members.entrySet().stream()
                    .filter(member -> member.getValue().topics().contains(id))
                    .sorted(Comparator.comparing(member -> member.getValue().rank()))
                    .map(member -> assigned.getOrDefault(member.getKey(), new TreeSet<>()))
                    .toList();
            for (int index = 0; index < count && !readers.isEmpty(); index++) {
                readers.get(readerOf(index, count, readers.size())).add(new TopicIdPartition(id, index));
            }
        });
        return assigned;
    }

    /** The reader whose range a partition is in. */
    private static int readerOf(int index, int partitions, int readers) {
        int least = partitions / readers;
        int longer = partitions % readers;
        int inLonger = longer * (least + 1);
        return index < inLonger ? index / (least + 1) : longer + (index - inLonger) / least;
    }
}
