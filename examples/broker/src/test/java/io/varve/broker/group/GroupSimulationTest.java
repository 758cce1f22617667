// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.group.GroupCommand.Client;
import io.varve.broker.group.GroupCommand.Identity;
import io.varve.broker.group.GroupCommand.Protocol;
import io.varve.broker.group.GroupCommand.Timeouts;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.replication.machine.Decision;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Members that come, go, fall silent and commit at random, and a coordinator that starts anew from its records: every generation has one
 * leader and one assignment, everybody is answered, and what was committed is there. The seed is the test's parameter.
 */
class GroupSimulationTest {

    private static final GroupConfig CONFIG = new GroupConfig(10, 60_000, 100, 100, 100, Long.MAX_VALUE / 2, 1000);
    private static final String GROUP = "g";
    private static final TopicPartition PARTITION = new TopicPartition("t", 0);

    private final List<GroupRecords.Stored> log = new ArrayList<>();
    private final Map<Integer, String> leaders = new HashMap<>();
    private final Map<Integer, Map<String, byte[]>> assignments = new HashMap<>();
    private final Map<Long, Actor> waiting = new HashMap<>();
    private GroupMachine machine = new GroupMachine(CONFIG);
    private long nowMs = 1_000_000;
    private long requests;
    private long committed = -1;

    private static final class Actor {
        private String memberId = "";
        private int generation = -1;
        private boolean leader;
        private boolean syncing;
        private long pending = -1;
        private Set<String> members = Set.of();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void shouldKeepItsPromises(long seed) {
        Random random = new Random(seed);
        List<Actor> actors = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            actors.add(new Actor());
        }
        for (int step = 0; step < 3000; step++) {
            nowMs += random.nextInt(200);
            if (machine.nextDeadlineMs() <= nowMs) {
                carryOut(new GroupCommand.Tick(), null);
            }
            act(random, actors.get(random.nextInt(actors.size())));
            if (random.nextInt(500) == 0) {
                restart(actors);
            }
            if (committed >= 0) {
                assertThat(machine.offsets(GROUP).get(PARTITION).offset())
                        .as("seed=%d step=%d", seed, step)
                        .isEqualTo(committed);
            }
        }
        assertThat(leaders).as("generations, seed=%d", seed).hasSizeGreaterThan(10);
        settle(actors);
    }

    private void act(Random random, Actor actor) {
        if (actor.pending >= 0) {
            return;
        }
        int kind = random.nextInt(10);
        if (actor.memberId.isEmpty() || actor.generation < 0) {
            join(actor);
        } else if (actor.syncing) {
            sync(actor);
        } else if (kind == 0) {
            carryOut(new GroupCommand.Leave(requests, GROUP, List.of(new Identity(actor.memberId, null))), actor);
            forget(actor);
        } else if (kind == 1) {
            // Crashes: nobody hears of it again under this id.
            forget(actor);
        } else if (kind < 4) {
            long offset = committed + 1;
            ErrorCode error = ((GroupAnswer.ByPartition) carryOut(
                            new GroupCommand.Commit(
                                    requests,
                                    GROUP,
                                    new Identity(actor.memberId, null),
                                    actor.generation,
                                    Map.of(PARTITION, new CommittedOffset(offset, -1, "", nowMs))),
                            actor))
                    .errors()
                    .get(PARTITION);
            committed = error == ErrorCode.NONE ? offset : committed;
            react(actor, error);
        } else {
            react(
                    actor,
                    ((GroupAnswer.Done) carryOut(
                                    new GroupCommand.Heartbeat(
                                            requests, GROUP, new Identity(actor.memberId, null), actor.generation),
                                    actor))
                            .error());
        }
    }

    private void react(Actor actor, ErrorCode error) {
        switch (error) {
            case NONE -> {}
            case REBALANCE_IN_PROGRESS -> actor.generation = -1;
            case UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION -> forget(actor);
            default -> throw new AssertionError("unexpected error: " + error);
        }
    }

    private static void forget(Actor actor) {
        actor.memberId = "";
        actor.generation = -1;
        actor.syncing = false;
    }

    private void join(Actor actor) {
        actor.pending = requests;
        carryOut(
                new GroupCommand.Join(
                        requests,
                        GROUP,
                        new Identity(actor.memberId, null),
                        new Client("c", "h"),
                        new Timeouts(2_000, 3_000),
                        "consumer",
                        List.of(new Protocol("range", new byte[] {1})),
                        "member-" + requests,
                        true),
                actor);
    }

    private void sync(Actor actor) {
        Map<String, byte[]> assignment = new HashMap<>();
        if (actor.leader) {
            actor.members.forEach(member -> assignment.put(
                    member,
                    ByteBuffer.allocate(8)
                            .putInt(actor.generation)
                            .putInt(member.hashCode())
                            .array()));
            assignments.put(actor.generation, assignment);
        }
        actor.pending = requests;
        carryOut(
                new GroupCommand.Sync(
                        requests,
                        GROUP,
                        new Identity(actor.memberId, null),
                        actor.generation,
                        "consumer",
                        "range",
                        assignment),
                actor);
    }

    private GroupAnswer carryOut(GroupCommand command, Actor actor) {
        long request = requests++;
        if (actor != null) {
            waiting.put(request, actor);
        }
        Decision<GroupEvent, List<GroupAnswer>> decision = machine.decide(command, nowMs);
        for (GroupEvent event : decision.events()) {
            if (event.isDurable()) {
                log.add(GroupRecords.encode(event));
            }
            machine.apply(log.size(), event);
        }
        GroupAnswer own = null;
        for (GroupAnswer answer : decision.reply()) {
            if (answer.requestId() == request) {
                own = answer;
            }
            Actor asked = waiting.remove(answer.requestId());
            assertThat(asked).as("somebody waits for %s", answer).isNotNull();
            if (asked.pending == answer.requestId()) {
                asked.pending = -1;
                told(asked, answer);
            }
        }
        return own;
    }

    private void told(Actor actor, GroupAnswer answer) {
        if (answer instanceof GroupAnswer.Joined joined) {
            actor.memberId = joined.memberId();
            if (joined.error() == ErrorCode.MEMBER_ID_REQUIRED) {
                return;
            }
            if (joined.error() != ErrorCode.NONE) {
                react(actor, joined.error());
                return;
            }
            actor.generation = joined.generation();
            actor.leader = joined.leaderId().equals(joined.memberId());
            actor.syncing = true;
            assertThat(leaders.merge(joined.generation(), joined.leaderId(), (a, b) -> a))
                    .as("leader of generation %d", joined.generation())
                    .isEqualTo(joined.leaderId());
            if (actor.leader) {
                Set<String> members = new HashSet<>();
                joined.members().forEach(member -> members.add(member.memberId()));
                actor.members = members;
                assertThat(members).contains(joined.memberId());
            }
        } else if (answer instanceof GroupAnswer.Synced synced) {
            actor.syncing = false;
            if (synced.error() != ErrorCode.NONE) {
                react(actor, synced.error());
                return;
            }
            assertThat(synced.assignment())
                    .as("assignment of %s in generation %d", actor.memberId, actor.generation)
                    .isEqualTo(assignments.get(actor.generation).get(actor.memberId));
        }
    }

    /** The coordinator starts anew: what was under way is gone, and its clients ask again. */
    private void restart(List<Actor> actors) {
        machine = new GroupMachine(CONFIG);
        for (GroupRecords.Stored stored : log) {
            GroupEvent event = GroupRecords.decode(stored.key(), stored.value(), nowMs);
            assertThat(event).isNotNull();
            machine.apply(0, event);
        }
        waiting.clear();
        // A generation that was being formed did not become a record, and its number is given out again.
        int known = machine.group(GROUP) == null ? 0 : machine.group(GROUP).generation();
        leaders.keySet().removeIf(generation -> generation > known);
        for (Actor actor : actors) {
            if (actor.pending >= 0 || actor.generation > known) {
                actor.pending = -1;
                forget(actor);
            }
        }
    }

    /** When nobody acts any more, everybody who waits is answered and the group becomes empty. */
    private void settle(List<Actor> actors) {
        for (int i = 0; i < 100; i++) {
            nowMs += 3_000;
            carryOut(new GroupCommand.Tick(), null);
        }
        assertThat(waiting).isEmpty();
        assertThat(actors).allSatisfy(actor -> assertThat(actor.pending).isEqualTo(-1));
        assertThat(machine.group(GROUP).state()).isEqualTo(Group.State.EMPTY);
    }
}
