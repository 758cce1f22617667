// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.replication.machine.Decision;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Groups, their members and a coordinator that crashes, in one thread and under one seed. Checks what must hold at every step. */
final class GroupSimulation {

    private static final GroupConfig CONFIG =
            new GroupConfig(10, 60_000, 100, 100, 100, Long.MAX_VALUE / 2, 1000, TestConfigs.CONSUMER);
    private static final int GROUPS = 2;
    private static final int MEMBERS = 5;

    private final Random random;
    private final List<SimulatedMember> members = new ArrayList<>();
    private final List<GroupRecords.Stored> log = new ArrayList<>();
    private final Map<Long, SimulatedMember> waiting = new HashMap<>();
    private final Map<Long, GroupCommand> asked = new HashMap<>();

    /** The leader of each generation, by the name that lasts. */
    private final Map<String, String> leaders = new HashMap<>();

    private final Map<String, String> names = new HashMap<>();
    private final Map<String, Map<TopicPartition, Long>> committed = new HashMap<>();
    private GroupMachine machine = new GroupMachine(CONFIG);

    /** Is told of events only: whatever the machine knows that is not an event would be missing here. */
    private GroupMachine twin = new GroupMachine(CONFIG);

    private long nowMs = 1_000_000;
    private long requests;
    private int generations;
    private int assignments;

    GroupSimulation(long seed) {
        this.random = new Random(seed);
        for (int group = 0; group < GROUPS; group++) {
            for (int number = 0; number < MEMBERS; number++) {
                members.add(new SimulatedMember("g" + group, number, number < group * 3));
            }
        }
    }

    void run(int steps) {
        for (int step = 0; step < steps; step++) {
            nowMs += random.nextInt(100);
            tick();
            act(members.get(random.nextInt(members.size())));
            if (step == steps / 2 || random.nextInt(500) == 0) {
                restart();
            }
            assertThat(committedOffsets(machine)).isEqualTo(committed);
        }
        settle();
        assertThat(generations).as("generations").isGreaterThan(steps / 200);
        assertThat(assignments).as("assignments").isGreaterThan(steps / 200);
    }

    private void act(SimulatedMember member) {
        if (member.waits) {
            return;
        }
        GroupCommand command = member.next(requests, random, nowMs);
        if (command != null) {
            member.waits = true;
            carryOut(command, member);
        }
    }

    private void tick() {
        if (machine.nextDeadlineMs() <= nowMs) {
            carryOut(new GroupCommand.Tick(), null);
            assertThat(machine.nextDeadlineMs())
                    .as("a deadline that has come is dealt with")
                    .isGreaterThan(nowMs);
        }
    }

    private void carryOut(GroupCommand command, @Nullable SimulatedMember member) {
        if (member != null) {
            long requestId = requests++;
            waiting.put(requestId, member);
            asked.put(requestId, command);
            String memberId = "m-" + requestId;
            names.put(memberId, member.instanceId == null ? memberId : member.instanceId);
        }
        Decision<GroupEvent, List<GroupAnswer>> decision = machine.decide(command, nowMs);
        for (GroupEvent event : decision.events()) {
            if (event.isDurable()) {
                log.add(GroupRecords.encode(event));
            }
            machine.apply(log.size(), event);
            twin.apply(log.size(), event);
        }
        assertThat(List.copyOf(machine.groups())).isEqualTo(List.copyOf(twin.groups()));
        decision.reply().forEach(this::tell);
    }

    private void tell(GroupAnswer answer) {
        SimulatedMember member = waiting.remove(answer.requestId());
        GroupCommand command = asked.remove(answer.requestId());
        assertThat(member).as("somebody waits for %s", answer).isNotNull();
        if (answer instanceof GroupAnswer.Joined joined && joined.error() == ErrorCode.NONE) {
            checkJoined(member, joined);
        } else if (answer instanceof GroupAnswer.Synced synced && synced.error() == ErrorCode.NONE) {
            assertThat(synced.assignment())
                    .as("assignment of %s in generation %d", member.name(), member.generation)
                    .isEqualTo(SimulatedMember.expected(member.generation, member.name()));
            assignments++;
        } else if (answer instanceof GroupAnswer.ByPartition && command instanceof GroupCommand.Commit commit) {
            ErrorCode error = ((GroupAnswer.ByPartition) answer).errors().get(member.partition);
            if (error == ErrorCode.NONE) {
                committed
                        .computeIfAbsent(
                                commit.groupId(),
                                id -> new TreeMap<>(java.util.Comparator.comparing(TopicPartition::index)))
                        .put(
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

    /** The coordinator crashes and starts anew from its records; clients lose their connections. */
    private void restart() {
        GroupMachine before = machine;
        machine = new GroupMachine(CONFIG);
        twin = new GroupMachine(CONFIG);
        load(log, machine, twin);
        GroupMachine fromCompacted = new GroupMachine(CONFIG);
        load(compacted(), fromCompacted);
        assertThat(describe(fromCompacted)).isEqualTo(describe(machine));
        for (Group group : before.groups()) {
            Group now = machine.group(group.id());
            boolean settled = group.state() == Group.State.STABLE
                    || (group.state() == Group.State.EMPTY && group.generation() > 0);
            if (settled) {
                assertThat(describe(now)).isEqualTo(describe(group));
            }
            // A generation that did not become a record is forgotten, and its number is given out again.
            int known = now == null ? 0 : now.generation();
            assertThat(known).isLessThanOrEqualTo(group.generation());
            leaders.keySet()
                    .removeIf(generation -> generation.startsWith(group.id() + "/")
                            && Integer.parseInt(generation.substring(group.id().length() + 1)) > known);
            members.stream()
                    .filter(member -> member.groupId.equals(group.id()) && member.generation > known)
                    .forEach(member -> member.generation = known);
        }
        waiting.clear();
        asked.clear();
        members.stream().filter(member -> member.waits).forEach(SimulatedMember::disconnected);
        members.forEach(this::expectToBeFenced);
    }

    /**
     * A static member that took its place in a generation that did not become a record has an id that no record names: as far as the
     * records tell it is its own earlier self.
     */
    private void expectToBeFenced(SimulatedMember member) {
        Group group = machine.group(member.groupId);
        Member stored = group == null ? null : group.byInstance(member.instanceId);
        member.lost = stored != null
                && !member.memberId.isEmpty()
                && !stored.memberId().equals(member.memberId);
    }

    private void load(List<GroupRecords.Stored> records, GroupMachine... machines) {
        for (GroupRecords.Stored stored : records) {
            GroupEvent event = GroupRecords.decode(stored.key(), stored.value(), nowMs);
            assertThat(event).isNotNull();
            for (GroupMachine loading : machines) {
                loading.apply(0, event);
            }
        }
    }

    /** The last record of each key, in the order of the log. */
    private List<GroupRecords.Stored> compacted() {
        Map<ByteBuffer, GroupRecords.Stored> last = new LinkedHashMap<>();
        for (GroupRecords.Stored stored : log) {
            last.remove(stored.key());
            last.put(stored.key(), stored);
        }
        return List.copyOf(last.values());
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

    private static Map<String, Map<TopicPartition, Long>> committedOffsets(GroupMachine machine) {
        Map<String, Map<TopicPartition, Long>> offsets = new HashMap<>();
        for (int group = 0; group < GROUPS; group++) {
            Map<TopicPartition, Long> ofGroup = new HashMap<>();
            machine.offsets("g" + group).forEach((partition, offset) -> ofGroup.put(partition, offset.offset()));
            if (!ofGroup.isEmpty()) {
                offsets.put("g" + group, ofGroup);
            }
        }
        return offsets;
    }

    /** When nobody acts any more, everybody who waits is answered and all groups become empty. */
    private void settle() {
        for (int i = 0; i < 100; i++) {
            nowMs += 1_000;
            tick();
        }
        assertThat(waiting).isEmpty();
        assertThat(machine.groups()).allSatisfy(group -> {
            assertThat(group.state()).isEqualTo(Group.State.EMPTY);
            assertThat(group.pending()).isEmpty();
        });
        assertThat(machine.nextDeadlineMs()).isEqualTo(Long.MAX_VALUE);
    }
}
