// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A group whose members are restarted with the other protocol, one after the other and back, while members crash and leaders change, in one
 * thread and under one seed.
 */
final class MigrationSimulation {

    private static final int MEMBERS = 5;
    private static final GroupConfig CONFIG =
            new GroupConfig(10, 60_000, 0, 100, 100, Long.MAX_VALUE / 2, 1000, 5000, TestConfigs.CONSUMER);
    private static final Topics TOPICS = new Topics(
            1, List.of(new Topics.Topic("t0", new UUID(0, 1), 4), new Topics.Topic("t1", new UUID(0, 2), 3)));

    /** What members are started with. */
    private enum Mode {
        CLASSIC,
        BOTH,
        CONSUMER
    }

    /** A place for processes, of which one runs at a time. */
    private final class Place {

        private final int number;
        private @Nullable SimulatedConsumer consumer;
        private @Nullable SimulatedClassicConsumer classic;
        private boolean waits;
        private int life;

        private Place(int number) {
            this.number = number;
        }

        private void start() {
            life++;
            waits = false;
            consumer = null;
            classic = null;
            if (mode == Mode.CONSUMER || (mode == Mode.BOTH && random.nextBoolean())) {
                consumer = new SimulatedConsumer("c" + number + "." + life, false, random);
                consumer.start();
                consumer.chooseAll();
            } else {
                // A cooperative one that restarts with a static name does not know what its leader waits for it to give
                // back.
                String name = number == 0 && !cooperative ? "static" : null;
                classic = new SimulatedClassicConsumer(cooperative, name, random);
            }
        }

        private boolean fits() {
            return mode == Mode.BOTH || (mode == Mode.CONSUMER) == (consumer != null);
        }

        private Set<TopicIdPartition> owned() {
            return consumer == null ? classic.owned : consumer.owned;
        }

        private void act() {
            if (consumer != null) {
                consumer.work();
            }
            if (!waits) {
                ask(consumer == null ? classic.next(requests++, TOPICS) : consumer.heartbeat(requests++));
            }
        }

        private void ask(GroupCommand command) {
            int asked = life;
            waits = true;
            coordinator.submit(command, nowMs).whenComplete((answer, failure) -> {
                if (life == asked) {
                    waits = false;
                    boolean lost = losesAnswers && random.nextInt(30) == 0;
                    hear(failure == null && !lost ? answer : null);
                }
            });
        }

        private void hear(@Nullable GroupAnswer answer) {
            if (consumer != null) {
                if (answer == null) {
                    consumer.lost();
                } else {
                    consumer.heard((GroupAnswer.Heard) answer);
                }
            } else if (answer == null) {
                classic.lost();
            } else {
                classic.told(answer, TOPICS);
            }
        }

        /** Ends, with or without a word, and starts anew. */
        private void restart() {
            if (random.nextBoolean()) {
                coordinator.submit(consumer == null ? classic.leave(requests++) : consumer.leave(requests++), nowMs);
            }
            start();
        }

        /** What it has, if the group knows it as it takes itself to be. */
        private Set<TopicIdPartition> ownedAsKnown() {
            ConsumerGroup consumers = coordinator.machine().consumers().group("g");
            if (consumers != null) {
                boolean in = consumer == null ? classic.generation >= 0 : consumer.epoch > 0;
                ConsumerMember known = consumers.members().get(consumer == null ? classic.memberId : consumer.memberId);
                if (!in || known == null) {
                    return Set.of();
                }
                assertThat(owned())
                        .as("what %s has is nobody else's: %s", this, known)
                        .allMatch(partition -> known.current().holds(partition));
                return owned();
            }
            Group group = coordinator.machine().group("g");
            boolean current = group != null
                    && classic != null
                    && group.members().containsKey(classic.memberId)
                    && group.generation() == classic.generation;
            return current ? owned() : Set.of();
        }

        @Override
        public String toString() {
            return String.valueOf(consumer == null ? classic : consumer);
        }
    }

    private final Random random;
    private final boolean cooperative;
    private final SimulatedCoordinator coordinator;
    private final List<Place> places = new ArrayList<>();
    private Mode mode = Mode.CLASSIC;
    private long nowMs = 1_000_000;
    private long requests;
    private boolean losesAnswers = true;
    private boolean wasClassic = true;
    private int upgrades;
    private int downgrades;

    MigrationSimulation(long seed) {
        this.random = new Random(seed);
        this.cooperative = random.nextBoolean();
        this.coordinator = new SimulatedCoordinator(CONFIG, random);
        coordinator.know(TOPICS);
        for (int number = 0; number < MEMBERS; number++) {
            Place place = new Place(number);
            place.start();
            places.add(place);
        }
    }

    void run(int steps) {
        for (Mode next : List.of(Mode.CLASSIC, Mode.BOTH, Mode.CONSUMER, Mode.BOTH, Mode.CLASSIC)) {
            mode = next;
            for (int step = 0; step < steps; step++) {
                nowMs += random.nextInt(40);
                step();
                coordinator.pass(nowMs);
                check();
            }
            settle();
        }
        assertThat(upgrades + downgrades)
                .as("how often the group has taken members along")
                .isPositive();
    }

    private void step() {
        Place place = places.get(random.nextInt(MEMBERS));
        int kind = random.nextInt(300);
        if (kind == 0) {
            coordinator.failOver(nowMs);
        } else if (kind < (place.fits() ? 3 : 30)) {
            place.restart();
        } else {
            place.act();
        }
    }

    private void check() {
        Map<TopicIdPartition, Place> owners = new HashMap<>();
        for (Place place : places) {
            for (TopicIdPartition partition : place.ownedAsKnown()) {
                assertThat(owners.put(partition, place))
                        .as("the other owner of what %s has: %s", place, partition)
                        .isNull();
            }
        }
        ConsumerGroup consumers = coordinator.machine().consumers().group("g");
        Group group = coordinator.machine().group("g");
        boolean members = consumers != null && !consumers.members().isEmpty();
        if (wasClassic && members) {
            wasClassic = false;
            upgrades += consumers.members().size() > 1 ? 1 : 0;
        } else if (!wasClassic && group != null && !group.members().isEmpty()) {
            wasClassic = true;
            downgrades +=
                    group.state() == Group.State.PREPARING && group.members().size() > 1 ? 1 : 0;
        }
        assertThat(consumers == null || group == null)
                .as("it is one or the other")
                .isTrue();
        assertThat(List.copyOf(coordinator.machine().groups()))
                .isEqualTo(List.copyOf(coordinator.twin().groups()));
    }

    /** When all have been restarted and nothing happens any more, every partition is somebody's. */
    private void settle() {
        losesAnswers = false;
        places.stream().filter(place -> !place.fits()).forEach(Place::restart);
        for (int round = 0; round < 150; round++) {
            nowMs += 30;
            for (Place place : places) {
                coordinator.commitAll();
                place.act();
            }
            coordinator.commitAll();
            coordinator.tick(nowMs);
            check();
        }
        losesAnswers = true;
        List<TopicIdPartition> owned = new ArrayList<>();
        places.forEach(place -> owned.addAll(place.owned()));
        assertThat(owned)
                .as("mode=%s, cooperative=%s, members=%s", mode, cooperative, places)
                .containsExactlyInAnyOrderElementsOf(new TreeSet<>(SimulatedClassicConsumer.all(TOPICS)));
        boolean classic = places.stream().allMatch(place -> place.classic != null);
        assertThat(coordinator.machine().group("g") != null)
                .as("it is a classic group")
                .isEqualTo(classic);
    }
}
