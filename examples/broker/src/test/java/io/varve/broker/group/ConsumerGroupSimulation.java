// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.request.ErrorCode;
import io.varve.replication.machine.Decision;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;

/** A consumer group of KIP-848, its members, its topics and a coordinator that crashes, in one thread and under one seed. */
final class ConsumerGroupSimulation {

    private static final String GROUP = "g";
    private static final int MEMBERS = 6;
    private static final GroupConfig CONFIG =
            new GroupConfig(10, 60_000, 0, 100, 100, Long.MAX_VALUE / 2, 1000, TestConfigs.CONSUMER);

    private final Random random;
    private final List<SimulatedConsumer> members = new ArrayList<>();
    private final List<GroupRecords.Stored> log = new ArrayList<>();
    private final Map<String, Topics.Topic> topics = new HashMap<>();
    private Topics known = Topics.NONE;
    private GroupMachine machine = new GroupMachine(CONFIG);

    /** Is told of events only: whatever the machine knows that is not an event would be missing here. */
    private GroupMachine twin = new GroupMachine(CONFIG);

    private ConsumerGroup before = ConsumerGroup.empty(GROUP);
    private long nowMs = 1_000_000;
    private long requests;

    ConsumerGroupSimulation(long seed) {
        this.random = new Random(seed);
        for (int number = 0; number < MEMBERS; number++) {
            members.add(new SimulatedConsumer("m" + number, number < 2, random));
        }
        changeTopic("t0", 4);
        changeTopic("t1", 3);
    }

    /** Runs, and then lets everybody come to rest. */
    void run(int steps) {
        for (int step = 0; step < steps; step++) {
            nowMs += random.nextInt(40);
            step();
            carryOut(new GroupCommand.Tick());
            check();
        }
        settle();
    }

    private void step() {
        SimulatedConsumer member = members.get(random.nextInt(MEMBERS));
        int kind = random.nextInt(200);
        if (kind == 0) {
            restart();
        } else if (kind == 1) {
            growTopics();
        } else if (!member.running) {
            if (kind < 40) {
                member.start();
            }
        } else if (kind < 6) {
            member.running = false;
            member.owned.clear();
        } else if (kind < 10) {
            send(member, member.leave(requests++, known));
        } else if (kind < 16) {
            member.choose();
        } else if (kind < 70) {
            member.work();
        } else {
            send(member, member.heartbeat(requests++, known));
        }
    }

    private void growTopics() {
        String name = "t" + random.nextInt(4);
        Topics.Topic topic = topics.get(name);
        boolean gone = topic != null && random.nextInt(3) == 0;
        changeTopic(name, gone ? 0 : topic == null ? 2 : topic.partitions() + 1);
    }

    private void changeTopic(String name, int partitions) {
        Topics.Topic topic = topics.remove(name);
        if (partitions > 0) {
            UUID id = topic == null ? new UUID(random.nextLong(), random.nextLong()) : topic.id();
            topics.put(name, new Topics.Topic(name, id, partitions));
        }
        known = new Topics(known.version() + 1, topics.values());
    }

    private void send(SimulatedConsumer member, GroupCommand.ConsumerHeartbeat heartbeat) {
        int fate = random.nextInt(20);
        if (fate == 0) {
            member.lost(); // the request
            return;
        }
        GroupAnswer.Heard answer = (GroupAnswer.Heard) carryOut(heartbeat).get(0);
        if (heartbeat.epoch() < 0) {
            return;
        }
        if (fate == 1) {
            member.lost(); // the answer
        } else {
            member.heard(answer);
        }
    }

    private List<GroupAnswer> carryOut(GroupCommand command) {
        Decision<GroupEvent, List<GroupAnswer>> decision = machine.decide(command, nowMs);
        for (GroupEvent event : decision.events()) {
            if (event.isDurable()) {
                log.add(GroupRecords.encode(event));
            }
            machine.apply(log.size(), event);
            twin.apply(log.size(), event);
        }
        return decision.reply();
    }

    private ConsumerGroup group() {
        ConsumerGroup group = machine.consumers().group(GROUP);
        return group == null ? ConsumerGroup.empty(GROUP) : group;
    }

    private void check() {
        ConsumerGroup group = group();
        assertThat(machine.consumers().all())
                .containsExactlyElementsOf(twin.consumers().all());
        assertThat(machine.nextDeadlineMs()).as("what is due is done").isGreaterThan(nowMs);
        Set<TopicIdPartition> held = new HashSet<>();
        for (ConsumerMember member : group.members().values()) {
            CurrentAssignment current = member.current();
            assertThat(held).as("nobody else has what %s has", member).noneMatch(current::holds);
            held.addAll(current.assigned().keySet());
            held.addAll(current.revoking().keySet());
            assertThat(current.epoch()).isLessThanOrEqualTo(group.targetEpoch());
        }
        assertThat(group.targetEpoch()).isBetween(before.targetEpoch(), group.epoch());
        assertThat(group.epoch()).isGreaterThanOrEqualTo(before.epoch());
        for (SimulatedConsumer member : members) {
            ConsumerMember asKnown = group.members().get(member.memberId);
            // Whoever the group has put out does not know yet, and is told when it is heard of.
            if (member.running && asKnown != null && member.epoch > 0) {
                assertThat(member.owned)
                        .as("what %s has is nobody else's: %s", member, asKnown)
                        .allMatch(partition -> asKnown.current().holds(partition));
            }
        }
        before = group;
    }

    /** The coordinator crashes and starts anew from its records, as they are and as they are compacted. */
    private void restart() {
        GroupMachine fromAll = load(log);
        GroupMachine fromCompacted = load(compacted());
        assertThat(describe(fromAll)).isEqualTo(describe(machine)).isEqualTo(describe(fromCompacted));
        machine = fromCompacted;
        twin = load(compacted());
        members.forEach(SimulatedConsumer::lost);
    }

    private GroupMachine load(List<GroupRecords.Stored> records) {
        GroupMachine loaded = new GroupMachine(CONFIG);
        for (GroupRecords.Stored stored : records) {
            GroupEvent event = GroupRecords.decode(stored.key(), stored.value(), nowMs);
            assertThat(event).isNotNull();
            loaded.apply(0, event);
        }
        return loaded;
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

    /** What of the group must outlive a crash. */
    private static List<String> describe(GroupMachine machine) {
        List<String> lines = new ArrayList<>();
        for (ConsumerGroup group : machine.consumers().all()) {
            lines.add(group.epoch() + " " + group.metadataHash() + " " + group.targetEpoch());
            group.members()
                    .values()
                    .forEach(member -> lines.add(member.memberId() + member.metadata() + member.current()));
            lines.add(group.target().toString());
            lines.add(group.regexes().toString());
        }
        return lines;
    }

    /** When nothing happens any more but heartbeats, every partition is somebody's and the shares are even; then all go. */
    private void settle() {
        members.stream().filter(member -> !member.running).forEach(SimulatedConsumer::start);
        members.forEach(SimulatedConsumer::chooseAll);
        for (int round = 0; round < 60; round++) {
            nowMs += 50;
            for (SimulatedConsumer member : members) {
                member.work();
                member.heard((GroupAnswer.Heard)
                        carryOut(member.heartbeat(requests++, known)).get(0));
            }
            carryOut(new GroupCommand.Tick());
            check();
        }
        Set<TopicIdPartition> all = new HashSet<>();
        topics.values().forEach(topic -> {
            for (int index = 0; index < topic.partitions(); index++) {
                all.add(new TopicIdPartition(topic.id(), index));
            }
        });
        List<TopicIdPartition> owned = new ArrayList<>();
        members.forEach(member -> owned.addAll(member.owned));
        assertThat(owned).containsExactlyInAnyOrderElementsOf(all);
        assertThat(members).allSatisfy(member -> assertThat(member.owned.size())
                .isBetween(all.size() / MEMBERS, (all.size() + MEMBERS - 1) / MEMBERS));
        assertThat(group().state()).isEqualTo("Stable");

        nowMs += TestConfigs.CONSUMER.sessionTimeoutMs();
        carryOut(new GroupCommand.Tick());
        assertThat(group().state()).isEqualTo("Empty");
        GroupAnswer.Done deleted = (GroupAnswer.Done)
                carryOut(new GroupCommand.Delete(requests++, GROUP)).get(0);
        assertThat(deleted.error()).isEqualTo(ErrorCode.NONE);
        assertThat(load(log).exists(GROUP)).isFalse();
        assertThat(compacted()).allMatch(stored -> stored.value() == null);
    }
}
