// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A cluster in which everything happens by chance, brokers that lose power included, with the decisions as its only controller. Replicas are
 * as long as their records; what is committed is known. After each event every replica that could be elected cleanly must have all
 * committed records, and the image must be sound.
 */
final class DecisionsSimulation {

    private static final int BROKERS = 5;
    private static final List<String> TOPICS = List.of("a", "b");

    static final String UNCLEAN = "unclean election";
    static final String COMPLETED = "reassignment completed";
    static final String FROM_ELIGIBLE = "eligible replica elected";

    private static final Set<ErrorCode> EXPECTED = Set.of(
            ErrorCode.ELECTION_NOT_NEEDED,
            ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
            ErrorCode.INELIGIBLE_REPLICA,
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            ErrorCode.INVALID_UPDATE_VERSION,
            ErrorCode.NO_REASSIGNMENT_IN_PROGRESS,
            ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE);

    private final Random random;
    private final Map<String, TopicRules> rules = new TreeMap<>();
    private final Map<TopicPartition, Records> records = new LinkedHashMap<>();

    /** Those that have lost power and may find less when they return. */
    private final Set<Integer> unproven = new TreeSet<>();

    private Situation situation;
    private long epoch = 100;

    /** What was reached how often, to show that the rare is. */
    private final Map<String, Integer> reached = new TreeMap<>();

    DecisionsSimulation(long seed) {
        random = new Random(seed);
        ClusterSketch sketch = new ClusterSketch();
        for (int id = 1; id <= BROKERS; id++) {
            sketch.broker(id, random.nextBoolean() ? "r" + id % 2 : null);
        }
        TOPICS.forEach(topic -> rules.put(topic, rules()));
        Situation empty = sketch.situation();
        situation = new Situation(empty.image(), empty.brokers(), topic -> rules.getOrDefault(topic, rules()));
        TOPICS.forEach(this::create);
    }

    private TopicRules rules() {
        return new TopicRules(1 + random.nextInt(3), random.nextInt(4) == 0);
    }

    /** How much of a partition each broker has, and what is committed. */
    private static final class Records {

        private final Map<Integer, Integer> ends = new HashMap<>();
        private int committed;

        private int end(int brokerId) {
            return ends.getOrDefault(brokerId, 0);
        }
    }

    private void create(String topic) {
        List<List<Integer>> assignment =
                Placement.place(situation, null, 1 + random.nextInt(3), 1 + random.nextInt(BROKERS - 1));
        setTopic(new TopicImage(
                topic,
                ClusterSketch.id(topic),
                Placement.partitions(
                        situation, 0, assignment, situation.rules().apply(topic).minInSync())));
    }

    private void setTopic(TopicImage topic) {
        Map<String, TopicImage> topics = new TreeMap<>(situation.image().topicsByName());
        topics.put(topic.name(), topic);
        topic.partitions()
                .forEach(partition ->
                        records.putIfAbsent(new TopicPartition(topic.name(), partition.index()), new Records()));
        situation = situation.with(situation.image().withTopics(topics, 1));
    }

    Map<String, Integer> reached() {
        return reached;
    }

    private void reach(PartitionChange change) {
        reached.merge(change.reason().name(), 1, Integer::sum);
        if (change.isUnclean()) {
            reached.merge(UNCLEAN, 1, Integer::sum);
        }
        if (change.isReassignmentCompleted()) {
            reached.merge(COMPLETED, 1, Integer::sum);
        }
        if (change.isLeaderChange()
                && change.before().eligible().contains(change.after().leader())) {
            reached.merge(FROM_ELIGIBLE, 1, Integer::sum);
        }
    }

    /** Lets one thing happen. */
    void step() {
        int brokerId = 1 + random.nextInt(BROKERS);
        switch (random.nextInt(16)) {
            case 0 -> stop(brokerId, random.nextInt(3) == 0);
            case 1, 2 -> start(brokerId);
            case 3 -> {
                situation = situation.with(situation.brokers().with(brokerId, any(Standing.values())));
                doDuties();
            }
            case 4 -> {
                if (random.nextInt(4) > 0) {
                    handOver(brokerId);
                } else {
                    write(BrokerDecisions.giveUp(
                            situation, brokerId, Set.copyOf(List.of(anyPartition(), anyPartition()))));
                }
            }
            case 5 ->
                asked(() -> write(ReassignmentDecisions.begin(situation, anyPartition(), anyReplicas()).stream()
                        .toList()));
            case 6 -> asked(() -> write(List.of(ReassignmentDecisions.cancel(situation, anyPartition()))));
            case 7 -> write(LeaderDecisions.balance(situation, random.nextInt(100)));
            case 8 -> asked(() -> write(List.of(LeaderDecisions.electPreferred(situation, anyPartition()))));
            case 9 -> asked(() -> write(List.of(LeaderDecisions.electUnclean(situation, anyPartition()))));
            case 10 -> alterRules(any(TOPICS.toArray(String[]::new)));
            case 11, 12 -> {
                alterInSync(anyPartition());
                if (random.nextBoolean()) {
                    doDuties();
                }
            }
            default -> replicate(anyPartition());
        }
        checkAll();
    }

    /** Lets all brokers be there and all records be copied. */
    void heal() {
        for (int id = 1; id <= BROKERS; id++) {
            if (situation.brokers().isRegistered(id)) {
                situation = situation.with(situation.brokers().with(id, Standing.ACTIVE));
            }
            start(id);
        }
        doDuties();
        for (TopicPartition id : records.keySet()) {
            PartitionImage partition = partition(id);
            if (partition.leader() == ClusterImage.NOBODY) {
                write(List.of(LeaderDecisions.electUnclean(situation, id)));
            }
            for (int again = 0; again < 2; again++) {
                catchUp(id, partition(id).replicas());
                askInSync(id, partition(id).replicas(), 0);
                doDuties();
            }
        }
        write(LeaderDecisions.balance(situation, 0));
        checkAll();
    }

    Situation situation() {
        return situation;
    }

    private void stop(int brokerId, boolean losesPower) {
        if (!situation.brokers().isRegistered(brokerId)) {
            return;
        }
        if (losesPower) {
            unproven.add(brokerId);
        }
        setBroker(brokerId, null);
        if (random.nextInt(4) > 0) {
            doDuties();
        } else {
            start(brokerId); // before anybody has noticed
        }
    }

    private void start(int brokerId) {
        if (situation.brokers().isRegistered(brokerId)) {
            return;
        }
        boolean isWhole = !unproven.remove(brokerId);
        if (!isWhole) {
            records.forEach((id, kept) -> lose(id, kept, brokerId));
        }
        write(BrokerDecisions.returned(situation, brokerId, isWhole));
        if (random.nextBoolean()) {
            doDuties();
        }
        setBroker(brokerId, new BrokerState(brokerId, ++epoch, null, Standing.ACTIVE));
        doDuties();
    }

    /** The controller looks. */
    private void doDuties() {
        List<PartitionChange> due = ControllerDuties.next(situation);
        while (!due.isEmpty()) {
            write(due);
            due = ControllerDuties.next(situation);
        }
    }

    private void lose(TopicPartition id, Records kept, int brokerId) {
        kept.ends.computeIfPresent(brokerId, (broker, end) -> random.nextInt(end + 1));
        if (partition(id).replicas().equals(List.of(brokerId))) {
            kept.committed = Math.min(kept.committed, kept.end(brokerId)); // nobody can have more
        }
    }

    private void setBroker(int brokerId, @Nullable BrokerState state) {
        BrokerStates others = situation.brokers().without(brokerId);
        situation = situation.with(state == null ? others : others.with(state));
    }

    private void handOver(int brokerId) {
        if (situation.brokers().isActive(brokerId)) {
            situation = situation.with(situation.brokers().with(brokerId, Standing.SHUTTING_DOWN));
        }
        BrokerState state = situation.brokers().find(brokerId);
        if (state == null || state.standing() != Standing.SHUTTING_DOWN) {
            return;
        }
        int most = 1 + random.nextInt(3);
        BrokerDecisions.HandOver step = BrokerDecisions.handOver(situation, brokerId, most);
        assertThat(step.changes()).hasSizeLessThanOrEqualTo(most).noneMatch(PartitionChange::isUnclean);
        write(step.changes());
    }

    private void alterRules(String topic) {
        rules.put(topic, rules());
        if (random.nextBoolean()) {
            doDuties();
        }
    }

    /** Somebody asks for something that may not be possible, which must be said and change nothing. */
    private static void asked(Runnable request) {
        try {
            request.run();
        } catch (RequestException refused) {
            assertThat(refused.error()).isIn(EXPECTED);
        }
    }

    /** The leader takes records, and some followers copy some; all of it may be committed. */
    private void replicate(TopicPartition id) {
        PartitionImage partition = partition(id);
        int leader = partition.leader();
        if (!situation.brokers().isPresent(leader)) {
            return;
        }
        Records kept = records.get(id);
        kept.ends.merge(leader, random.nextInt(4), Integer::sum);
        for (int replica : partition.replicas()) {
            if (replica != leader && situation.brokers().isPresent(replica) && random.nextBoolean()) {
                int missing = kept.end(leader) - kept.end(replica);
                kept.ends.put(replica, kept.end(replica) + random.nextInt(missing + 1));
            }
        }
        commit(partition, kept);
    }

    private void catchUp(TopicPartition id, List<Integer> replicas) {
        PartitionImage partition = partition(id);
        Records kept = records.get(id);
        replicas.forEach(replica -> kept.ends.put(replica, kept.end(partition.leader())));
    }

    private void commit(PartitionImage partition, Records kept) {
        int enough = partition.state().enoughInSync(partition.replicas().size());
        if (partition.isr().size() >= enough) {
            int all = partition.isr().stream().mapToInt(kept::end).min().orElse(0);
            kept.committed = Math.max(kept.committed, all);
        }
    }

    /** The leader asks for those that have all its records, or leaves some out; now and then it knows too little or tries what it may not. */
    private void alterInSync(TopicPartition id) {
        PartitionImage partition = partition(id);
        Records kept = records.get(id);
        int leader = partition.leader();
        if (!situation.brokers().isPresent(leader)) {
            return;
        }
        List<Integer> wanted = new ArrayList<>();
        for (int replica : partition.replicas()) {
            boolean isCaughtUp = kept.end(replica) == kept.end(leader);
            if (replica == leader
                    || (partition.isr().contains(replica) && random.nextInt(3) > 0)
                    || (isCaughtUp && random.nextBoolean())) {
                wanted.add(replica);
            }
        }
        asked(() -> askInSync(id, wanted, random.nextInt(8) == 0 ? 1 : 0));
    }

    private void askInSync(TopicPartition id, List<Integer> isr, int behind) {
        PartitionImage partition = partition(id);
        int leader = partition.leader();
        InSyncDecisions.Leader asking = new InSyncDecisions.Leader(
                leader, epoch(leader), partition.leaderEpoch(), partition.partitionEpoch() - behind);
        List<InSyncDecisions.Member> members = isr.stream()
                .map(replica -> new InSyncDecisions.Member(replica, epoch(replica)))
                .toList();
        PartitionChange decided =
                InSyncDecisions.alter(situation, ClusterSketch.id(id.topic()), id.index(), asking, members, false);
        assertThat(behind).as("a request that looked at an old state").isZero();
        write(List.of(decided));
    }

    private long epoch(int brokerId) {
        BrokerState state = situation.brokers().find(brokerId);
        return state == null ? -2 : state.epoch();
    }

    private void write(List<PartitionChange> decided) {
        for (PartitionChange change : decided) {
            reach(change);
            PartitionImage before = change.before();
            PartitionImage after = change.after();
            assertThat(after.partitionEpoch()).isEqualTo(before.partitionEpoch() + 1);
            assertThat(after.leaderEpoch() - before.leaderEpoch()).isBetween(0, 1);
            assertThat(!change.isLeaderChange() || after.leaderEpoch() > before.leaderEpoch())
                    .isTrue();
            Records kept = records.get(new TopicPartition(change.topic().name(), before.index()));
            if (change.isUnclean()) {
                kept.committed = Math.min(kept.committed, kept.end(after.leader()));
            }
            if (after.leader() != ClusterImage.NOBODY) {
                assertThat(kept.end(after.leader()))
                        .as("records of a leader: %s", change.describe())
                        .isGreaterThanOrEqualTo(kept.committed);
                // All others follow it from now on, whatever they had beyond.
                kept.ends.replaceAll((id, end) -> Math.min(end, kept.end(after.leader())));
            }
        }
        situation = situation.with(PartitionChange.apply(situation.image(), decided));
    }

    private void checkAll() {
        records.forEach((id, kept) -> check(id, partition(id), kept));
    }

    private void check(TopicPartition id, PartitionImage partition, Records kept) {
        String seen = id + ": " + partition + ", ends=" + kept.ends + ", committed=" + kept.committed;
        List<Integer> replicas = partition.replicas();
        assertThat(replicas).as(seen).isNotEmpty().doesNotHaveDuplicates();
        List<Integer> candidates = new ArrayList<>(partition.isr());
        candidates.addAll(partition.eligible());
        assertThat(candidates).as(seen).doesNotHaveDuplicates().isSubsetOf(replicas);
        assertThat(partition.assignment().adding()).as(seen).isSubsetOf(replicas);
        assertThat(partition.assignment().removing())
                .as(seen)
                .isSubsetOf(replicas)
                .noneMatch(partition.assignment().adding()::contains);
        assertThat(partition.assignment().target()).as(seen).isNotEmpty();
        for (int candidate : candidates) {
            if (!unproven.contains(candidate)) {
                assertThat(kept.end(candidate)).as(seen).isGreaterThanOrEqualTo(kept.committed);
            }
        }
        if (partition.leader() == ClusterImage.NOBODY) {
            assertThat(candidates.stream().filter(situation.brokers()::isActive))
                    .as("could lead " + seen)
                    .isEmpty();
        } else {
            assertThat(partition.isr()).as(seen).contains(partition.leader());
            assertThat(situation.brokers().isPresent(partition.leader()))
                    .as(seen)
                    .isTrue();
        }
    }

    private PartitionImage partition(TopicPartition id) {
        return situation.revise(id.topic(), id.index()).before();
    }

    private TopicPartition anyPartition() {
        return any(records.keySet().toArray(TopicPartition[]::new));
    }

    private List<Integer> anyReplicas() {
        List<Integer> ids = new ArrayList<>(
                situation.image().brokers().stream().map(BrokerImage::id).collect(Collectors.toList()));
        Collections.shuffle(ids, random);
        return List.copyOf(ids.subList(0, 1 + random.nextInt(ids.size())));
    }

    private <T> T any(T[] values) {
        return values[random.nextInt(values.length)];
    }
}
