// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.request.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A consumer group of KIP-848, its members, its topics and one leader after the other, in one thread and under one seed. */
final class ConsumerGroupSimulation {

    private static final String GROUP = "g";
    private static final int MEMBERS = 6;
    private static final GroupConfig CONFIG =
            new GroupConfig(10, 60_000, 0, 100, 100, Long.MAX_VALUE / 2, 1000, 5000, TestConfigs.CONSUMER);

    private final Random random;
    private final List<SimulatedConsumer> members = new ArrayList<>();
    private final Map<String, Topics.Topic> topics = new HashMap<>();
    private final SimulatedCoordinator coordinator;

    /** What outlives a crash, as it was after each batch. */
    private final List<List<String>> descriptions = new ArrayList<>(List.of(List.of()));

    private Topics known = Topics.NONE;
    private ConsumerGroup before = ConsumerGroup.empty(GROUP);
    private long nowMs = 1_000_000;
    private long requests;
    private int latestTold;

    ConsumerGroupSimulation(long seed) {
        this.random = new Random(seed);
        this.coordinator = new SimulatedCoordinator(CONFIG, random);
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
            coordinator.pass(nowMs);
            check();
        }
        settle();
        assertThat(coordinator.lostBatches())
                .as("batches that were lost with their leaders")
                .isPositive();
    }

    private void step() {
        SimulatedConsumer member = members.get(random.nextInt(MEMBERS));
        int kind = random.nextInt(200);
        if (kind < 4) {
            failOver();
        } else if (kind == 4) {
            growTopics();
        } else if (!member.running) {
            if (kind < 40) {
                member.start();
            }
        } else if (kind < 9) {
            member.crash();
        } else if (kind < 18) {
            member.choose();
        } else if (kind < 70) {
            member.work();
        } else if (!member.waits) {
            send(member, kind < 75 ? member.leave(requests++) : member.heartbeat(requests++));
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
        coordinator.know(known);
    }

    private void send(SimulatedConsumer member, GroupCommand.ConsumerHeartbeat heartbeat) {
        int fate = random.nextInt(20);
        if (fate == 0) {
            member.lost(); // the request
            return;
        }
        int life = member.lives;
        member.waits = true;
        ask(heartbeat).whenComplete((answer, failure) -> {
            if (member.running && member.lives == life) {
                hear(member, fate == 1 ? null : (GroupAnswer.Heard) answer);
            }
        });
    }

    private CompletableFuture<GroupAnswer> ask(GroupCommand command) {
        CompletableFuture<GroupAnswer> answer = coordinator.submit(command, nowMs);
        note();
        return answer;
    }

    private void hear(SimulatedConsumer member, GroupAnswer.@Nullable Heard answer) {
        member.waits = false;
        if (answer == null) {
            member.lost(); // the answer
        } else {
            member.heard(answer);
            latestTold = Math.max(latestTold, answer.epoch());
        }
    }

    /** Remembers what outlives a crash, as it is with the batch that has just been appended. */
    private void note() {
        assertThat(descriptions.size()).isBetween(coordinator.batches(), coordinator.batches() + 1);
        if (descriptions.size() == coordinator.batches()) {
            descriptions.add(describe(coordinator.machine()));
        }
    }

    private ConsumerGroup group() {
        ConsumerGroup group = coordinator.machine().consumers().group(GROUP);
        return group == null ? ConsumerGroup.empty(GROUP) : group;
    }

    private void check() {
        ConsumerGroup group = group();
        note();
        assertThat(coordinator.machine().consumers().all())
                .containsExactlyElementsOf(coordinator.twin().consumers().all());
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

    /** Another leads, which knows what was known with the last batch that it has. */
    private void failOver() {
        int kept = coordinator.failOver(nowMs);
        descriptions.subList(kept + 1, descriptions.size()).clear();
        assertThat(describe(coordinator.machine()))
                .isEqualTo(descriptions.get(kept))
                .isEqualTo(describe(coordinator.loaded(nowMs)));
        before = group();
        assertThat(before.targetEpoch())
                .as("an epoch that a member was told is known")
                .isGreaterThanOrEqualTo(latestTold);
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
            coordinator.commitAll();
            for (SimulatedConsumer member : members) {
                member.work();
                ask(member.heartbeat(requests++)).thenAccept(answer -> hear(member, (GroupAnswer.Heard) answer));
                coordinator.commitAll();
            }
            coordinator.tick(nowMs);
            check();
        }
        checkShares();

        nowMs += TestConfigs.CONSUMER.sessionTimeoutMs();
        coordinator.tick(nowMs);
        check();
        assertThat(group().state()).isEqualTo("Empty");
        CompletableFuture<GroupAnswer> deleted = ask(new GroupCommand.Delete(requests++, GROUP));
        coordinator.commitAll();
        assertThat(deleted)
                .isCompletedWithValueMatching(answer -> ((GroupAnswer.Done) answer).error() == ErrorCode.NONE);
        assertThat(coordinator.isIdle()).isTrue();
        assertThat(coordinator.loaded(nowMs).exists(GROUP)).isFalse();
        assertThat(coordinator.compacted()).allMatch(stored -> stored.value() == null);
    }

    private void checkShares() {
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
    }
}
