// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Groups, their members and one leader after the other, in one thread and under one seed. Checks what must hold at every step. */
final class GroupSimulation {

    private static final GroupConfig CONFIG =
            new GroupConfig(10, 60_000, 100, 100, 100, Long.MAX_VALUE / 2, 1000, 5000, TestConfigs.CONSUMER);
    private static final int GROUPS = 2;
    private static final int MEMBERS = 5;

    private final Random random;
    private final List<SimulatedMember> members = new ArrayList<>();
    private final SimulatedCoordinator coordinator;

    /** The leader of each generation, by the name that lasts. */
    private final Map<String, String> leaders = new HashMap<>();

    private final Map<String, String> names = new HashMap<>();

    /** The latest offsets that somebody was told of: by the answer to a commit, or to a look. */
    private final Map<String, Map<TopicPartition, Long>> told = new HashMap<>();

    private long nowMs = 1_000_000;
    private long requests;
    private int generations;
    private int assignments;

    GroupSimulation(long seed) {
        this.random = new Random(seed);
        this.coordinator = new SimulatedCoordinator(CONFIG, random);
        for (int group = 0; group < GROUPS; group++) {
            for (int number = 0; number < MEMBERS; number++) {
                members.add(new SimulatedMember("g" + group, number, number < group * 3));
            }
        }
    }

    void run(int steps) {
        for (int step = 0; step < steps; step++) {
            nowMs += random.nextInt(100);
            coordinator.pass(nowMs);
            act(members.get(random.nextInt(members.size())));
            look();
            if (step == steps / 2 || random.nextInt(100) == 0) {
                failOver();
            }
            assertThat(List.copyOf(coordinator.machine().groups()))
                    .isEqualTo(List.copyOf(coordinator.twin().groups()));
        }
        settle();
        assertThat(generations).as("generations").isGreaterThan(steps / 200);
        assertThat(assignments).as("assignments").isGreaterThan(steps / 200);
        assertThat(coordinator.lostBatches())
                .as("batches that were lost with their leaders")
                .isPositive();
    }

    private void act(SimulatedMember member) {
        if (member.waits) {
            return;
        }
        GroupCommand command = member.next(requests, random, nowMs);
        if (command == null) {
            return;
        }
        String memberId = "m-" + requests++;
        names.put(memberId, member.instanceId == null ? memberId : member.instanceId);
        member.waits = true;
        coordinator.submit(command, nowMs).whenComplete((answer, failure) -> {
            if (failure == null) {
                tell(member, command, answer);
            } else {
                member.disconnected();
            }
        });
    }

    /** Somebody looks how far a group has come; nobody may ever see it go back. */
    private void look() {
        String groupId = "g" + random.nextInt(GROUPS);
        Map<TopicPartition, Long> atLeast = Map.copyOf(told.getOrDefault(groupId, Map.of()));
        coordinator.read(machine -> offsets(machine, groupId), nowMs).thenAccept(seen -> {
            atLeast.forEach((partition, offset) -> assertThat(seen.get(partition))
                    .as("offset of %s", partition)
                    .isGreaterThanOrEqualTo(offset));
            seen.forEach((partition, offset) -> remember(groupId, partition, offset));
        });
    }

    private static Map<TopicPartition, Long> offsets(GroupMachine machine, String groupId) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        machine.offsets(groupId).forEach((partition, offset) -> offsets.put(partition, offset.offset()));
        return offsets;
    }

    private void remember(String groupId, TopicPartition partition, long offset) {
        told.computeIfAbsent(groupId, id -> new HashMap<>()).merge(partition, offset, Math::max);
    }

    private void tell(SimulatedMember member, GroupCommand command, GroupAnswer answer) {
        if (answer instanceof GroupAnswer.Joined joined && joined.error() == ErrorCode.NONE) {
            checkJoined(member, joined);
        } else if (answer instanceof GroupAnswer.Synced synced && synced.error() == ErrorCode.NONE) {
            assertThat(synced.assignment())
                    .as("assignment of %s in generation %d", member.name(), member.generation)
                    .isEqualTo(SimulatedMember.expected(member.generation, member.name()));
            assignments++;
        } else if (answer instanceof GroupAnswer.ByPartition committed
                && command instanceof GroupCommand.Commit commit) {
            if (committed.errors().get(member.partition) == ErrorCode.NONE) {
                remember(
                        member.groupId,
                        member.partition,
                        commit.offsets().get(member.partition).offset());
            }
        }
        member.told(answer);
    }

    private void checkJoined(SimulatedMember member, GroupAnswer.Joined joined) {
        String generation = member.groupId + "/" + joined.generation();
        String leader = names.getOrDefault(joined.leaderId(), joined.leaderId());
        String known = leaders.putIfAbsent(generation, leader);
        generations += known == null ? 1 : 0;
        assertThat(leader).as("leader of %s", generation).isEqualTo(known == null ? leader : known);
        assertThat(joined.generation()).isGreaterThanOrEqualTo(member.generation);
        if (joined.leaderId().equals(joined.memberId())) {
            assertThat(joined.members()).extracting(Member::memberId).contains(joined.memberId());
        } else {
            assertThat(joined.members()).isEmpty();
        }
    }

    /** Another leads, which knows what the records tell that it has. */
    private void failOver() {
        GroupMachine before = coordinator.machine();
        int batches = coordinator.batches();
        boolean all = coordinator.failOver(nowMs) == batches;
        GroupMachine machine = coordinator.machine();
        assertThat(describe(coordinator.loaded(nowMs))).isEqualTo(describe(machine));
        for (Group group : before.groups()) {
            Group now = machine.group(group.id());
            boolean settled = group.state() == Group.State.STABLE
                    || (group.state() == Group.State.EMPTY && group.generation() > 0);
            if (settled && all) {
                assertThat(describe(now)).isEqualTo(describe(group));
            }
            forgetGenerations(group.id(), now == null ? 0 : now.generation());
        }
        told.forEach((groupId, offsets) -> offsets.forEach(
                (partition, offset) -> assertThat(offsets(machine, groupId).get(partition))
                        .as("offset of %s", partition)
                        .isGreaterThanOrEqualTo(offset)));
        members.forEach(this::expectToBeFenced);
    }

    /** A generation that did not become a record is forgotten, and its number is given out again. */
    private void forgetGenerations(String groupId, int known) {
        leaders.keySet()
                .removeIf(generation -> generation.startsWith(groupId + "/")
                        && Integer.parseInt(generation.substring(groupId.length() + 1)) > known);
        members.stream()
                .filter(member -> member.groupId.equals(groupId) && member.generation > known)
                .forEach(member -> member.generation = known);
    }

    /**
     * A static member that took its place in a generation that did not become a record has an id that no record names: as far as the
     * records tell it is its own earlier self.
     */
    private void expectToBeFenced(SimulatedMember member) {
        Group group = coordinator.machine().group(member.groupId);
        Member stored = group == null ? null : group.byInstance(member.instanceId);
        member.lost = stored != null
                && !member.memberId.isEmpty()
                && !stored.memberId().equals(member.memberId);
    }

    private static Map<String, List<String>> describe(GroupMachine machine) {
        Map<String, List<String>> groups = new TreeMap<>();
        machine.groups().forEach(group -> {
            List<String> lines = new ArrayList<>(describe(group));
            Map<String, CommittedOffset> offsets = new TreeMap<>();
            machine.offsets(group.id()).forEach((partition, offset) -> offsets.put(partition.toString(), offset));
            lines.add(offsets.toString());
            groups.put(group.id(), lines);
        });
        return groups;
    }

    /** What of a group must outlive a crash. */
    private static List<String> describe(@Nullable Group group) {
        assertThat(group).isNotNull();
        List<String> lines = new ArrayList<>(List.of(group.state() + " " + group.generation() + " "
                + group.protocolType() + " " + group.protocolName() + " " + group.leaderId() + " " + group.sinceMs()));
        group.members()
                .values()
                .forEach(member -> lines.add(member.memberId() + " " + member.instanceId() + " " + member.timeouts()
                        + " " + Arrays.toString(member.assignment()) + " "
                        + Arrays.toString(member.metadata(group.protocolName()))));
        return lines;
    }

    /** When nobody acts any more, everybody who waits is answered and all groups become empty. */
    private void settle() {
        for (int i = 0; i < 100; i++) {
            nowMs += 1_000;
            coordinator.commitAll();
            coordinator.tick(nowMs);
        }
        coordinator.commitAll();
        assertThat(coordinator.isIdle()).isTrue();
        assertThat(coordinator.machine().groups()).allSatisfy(group -> {
            assertThat(group.state()).isEqualTo(Group.State.EMPTY);
            assertThat(group.pending()).isEmpty();
        });
        assertThat(coordinator.machine().nextDeadlineMs()).isEqualTo(Long.MAX_VALUE);
    }
}
