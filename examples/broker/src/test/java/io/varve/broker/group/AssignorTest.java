// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AssignorTest {

    private static final UUID A = new UUID(0, 1);
    private static final UUID B = new UUID(0, 2);
    private static final Assignor UNIFORM = new UniformAssignor();
    private static final Assignor RANGE = new RangeAssignor();

    private final SortedMap<String, Assignor.Reader> members = new TreeMap<>();
    private final SortedMap<UUID, Topics.Topic> topics = new TreeMap<>();
    private final Map<String, String> racks = new HashMap<>();
    private Map<String, SortedSet<TopicIdPartition>> assigned = Map.of();

    @Test
    void shouldGiveRangesWithTheSameNumbersOfEachTopic() {
        topic(A, 5);
        topic(B, 5);
        join("m1", A, B);
        join("m2", A, B);

        assign(RANGE);

        assertThat(indexes("m1", A)).containsExactly(0, 1, 2).isEqualTo(indexes("m1", B));
        assertThat(indexes("m2", A)).containsExactly(3, 4).isEqualTo(indexes("m2", B));
    }

    @Test
    void shouldGiveNothingToWhoComesAfterThePartitionsAreGivenAway() {
        topic(A, 2);
        List.of("m1", "m2", "m3").forEach(member -> join(member, A));

        assign(RANGE);

        assertThat(assigned.get("m3")).isEmpty();
        assertThat(indexes("m2", A)).containsExactly(1);
    }

    @Test
    void shouldMoveAsFewAsEvenSharesAllow() {
        topic(A, 9);
        join("m1", A);
        join("m2", A);
        assign(UNIFORM);
        Map<String, SortedSet<TopicIdPartition>> before = assigned;
        join("m3", A);

        assign(UNIFORM);

        assertThat(assigned.values()).allSatisfy(share -> assertThat(share).hasSize(3));
        assertThat(before.get("m1")).containsAll(assigned.get("m1"));
        assertThat(before.get("m2")).containsAll(assigned.get("m2"));
    }

    @Test
    void shouldEvenSharesOutAmongThoseWhoMayReadATopic() {
        topic(A, 4);
        topic(B, 2);
        join("m1", A, B);
        join("m2", A);

        assign(UNIFORM);

        assertThat(assigned.get("m1")).hasSize(3);
        assertThat(assigned.get("m2")).hasSize(3);
        assertThat(indexes("m1", B)).containsExactly(0, 1);
    }

    @Test
    void shouldBringPartitionsToReadersInTheirRacks() {
        List<Set<String>> ofPartitions =
                List.of(Set.of("x"), Set.of("y"), Set.of("x", "y"), Set.of("y"), Set.of("x"), Set.of("z"));
        topics.put(A, new Topics.Topic("t", A, 6, ofPartitions));
        racks.putAll(Map.of("m1", "y", "m2", "x"));
        List.of("m1", "m2", "m3").forEach(member -> join(member, A));

        assign(UNIFORM);

        assertThat(indexes("m1", A)).hasSize(2).isSubsetOf(1, 2, 3);
        assertThat(indexes("m2", A)).hasSize(2).isSubsetOf(0, 2, 4);
        assertThat(indexes("m3", A)).as("it did not say where it is").hasSize(2);
    }

    @Test
    void shouldGiveEveryPartitionToOneReaderWhateverChanges() {
        Random random = new Random(1);
        for (int round = 0; round < 500; round++) {
            change(random);
            for (Assignor assignor : List.of(UNIFORM, RANGE)) {
                assign(assignor);
                checkComplete();
            }
            assign(UNIFORM);
            checkEven();
            checkRacks();
            Map<String, SortedSet<TopicIdPartition>> before = assigned;
            assign(UNIFORM);
            assertThat(assigned).as("nothing moves when nothing changes").isEqualTo(before);
        }
    }

    private void change(Random random) {
        topic(new UUID(0, random.nextInt(4)), random.nextInt(12));
        if (random.nextBoolean()) {
            rack(random);
        }
        UUID[] read =
                topics.keySet().stream().filter(topic -> random.nextBoolean()).toArray(UUID[]::new);
        String member = "m" + random.nextInt(7);
        if (random.nextInt(4) == 0) {
            members.remove(member);
        } else {
            join(member, read);
        }
    }

    private void topic(UUID id, int partitions) {
        topics.put(id, new Topics.Topic(id.toString(), id, partitions));
    }

    /** Puts a topic and a member into racks. */
    private void rack(Random random) {
        UUID id = new UUID(0, random.nextInt(4));
        Topics.Topic topic = topics.getOrDefault(id, new Topics.Topic("t", id, 0));
        List<Set<String>> ofPartitions = IntStream.range(0, topic.partitions())
                .mapToObj(index -> Set.of("r" + random.nextInt(3)))
                .toList();
        topics.put(id, new Topics.Topic("t", id, topic.partitions(), ofPartitions));
        racks.put("m" + random.nextInt(7), "r" + random.nextInt(3));
    }

    private void checkComplete() {
        List<TopicIdPartition> given =
                assigned.values().stream().flatMap(Collection::stream).toList();
        List<TopicIdPartition> wanted = topics.entrySet().stream()
                .filter(topic -> members.values().stream()
                        .anyMatch(member -> member.topics().contains(topic.getKey())))
                .flatMap(topic -> IntStream.range(0, topic.getValue().partitions())
                        .mapToObj(index -> new TopicIdPartition(topic.getKey(), index)))
                .toList();
        assertThat(given).containsExactlyInAnyOrderElementsOf(wanted);
        assigned.forEach((member, share) -> assertThat(share)
                .allMatch(partition -> members.get(member).topics().contains(partition.topicId())));
    }

    /** No two members could exchange two partitions and bring more of them to their racks. */
    private void checkRacks() {
        assigned.forEach((one, ofOne) -> assigned.forEach((other, ofOther) -> {
            for (TopicIdPartition given : ofOne) {
                for (TopicIdPartition taken : ofOther) {
                    boolean possible = members.get(other).topics().contains(given.topicId())
                            && members.get(one).topics().contains(taken.topicId());
                    int now = inRack(given, one) + inRack(taken, other);
                    int then = inRack(given, other) + inRack(taken, one);
                    assertThat(possible && then > now)
                            .as("%s of %s for %s of %s", given, one, taken, other)
                            .isFalse();
                }
            }
        }));
    }

    private int inRack(TopicIdPartition partition, String member) {
        return topics.get(partition.topicId())
                        .isIn(partition.index(), members.get(member).rack())
                ? 1
                : 0;
    }

    private void checkEven() {
        assigned.forEach((member, share) -> share.forEach(partition -> members.forEach((other, reader) -> {
            if (reader.topics().contains(partition.topicId())) {
                assertThat(share.size() - assigned.get(other).size())
                        .as("%s could give %s to %s", member, partition, other)
                        .isLessThanOrEqualTo(1);
            }
        })));
    }

    private void join(String member, UUID... read) {
        String rack = racks.get(member);
        members.put(member, new Assignor.Reader(member, rack, new TreeSet<>(List.of(read)), before(member)));
    }

    private SortedSet<TopicIdPartition> before(String member) {
        return assigned.getOrDefault(member, new TreeSet<>());
    }

    private void assign(Assignor assignor) {
        members.replaceAll(
                (member, reader) -> new Assignor.Reader(member, reader.rack(), reader.topics(), before(member)));
        assigned = assignor.assign(members, topics);
    }

    private List<Integer> indexes(String member, UUID topic) {
        return assigned.get(member).stream()
                .filter(partition -> partition.topicId().equals(topic))
                .map(TopicIdPartition::index)
                .toList();
    }
}
