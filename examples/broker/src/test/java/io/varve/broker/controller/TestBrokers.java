// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.metadata.TreeLayout;
import io.varve.broker.partition.TopicPartition;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.agent.QuorumNode;
import io.varve.coordination.tree.CreateMode;
import io.varve.log.storage.MemoryStorage;
import io.varve.replication.partition.IsrProposal;
import io.varve.replication.partition.LastEnd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** The controllers of several brokers on one tree, without their partitions: what they write is what can be seen. */
final class TestBrokers implements AutoCloseable {

    private static final String CLUSTER = "cluster";

    private final QuorumNode tree = QuorumNode.open(new MemoryStorage(), new MemoryStorage());
    private final Coordinator own = tree.openSession();
    private final ImageFollower observer = new ImageFollower(own, CLUSTER);
    private final Map<Integer, TestBroker> running = new TreeMap<>();
    private final Map<String, String> config =
            new HashMap<>(Map.of("controlled.shutdown.max.retries", "0", "auto.balance.enable", "false"));

    TestBrokers() {
        done(new ClusterSetup(own).create(CLUSTER));
        done(observer.start());
    }

    /** Sets a key for brokers that are started from now on. */
    TestBrokers with(String key, String value) {
        config.put(key, value);
        return this;
    }

    /** One broker, as far as it has to do with the tree. */
    static final class TestBroker {

        final int id;
        final FragileCoordinator session;
        final ImageFollower follower;
        final Controller controller;
        final IsrWriter isrWriter;

        private TestBroker(int id, Coordinator session, ConfigValues values) {
            this.id = id;
            this.session = new FragileCoordinator(session);
            this.follower = new ImageFollower(this.session, CLUSTER);
            this.controller =
                    new Controller(id, this.session, follower, () -> CompletableFuture.completedFuture(null), values);
            this.isrWriter = new IsrWriter(this.session, follower);
        }

        private BrokerImage image() {
            return new BrokerImage(
                    id, List.of(new BrokerImage.Endpoint("PLAINTEXT", "PLAINTEXT", "localhost", 9092)), null);
        }

        private CompletionStage<Void> start(LastEnd lastEnd) {
            return follower.start()
                    .thenCompose(image -> controller.awaitUnregistered())
                    .thenCompose(nothing -> controller.leaveFormerRoles(lastEnd))
                    .thenCompose(nothing -> controller.register(image()))
                    .thenCompose(nothing -> controller.elect())
                    .thenCompose(nothing -> follower.settled())
                    .thenAccept(image -> {});
        }

        /** What the core of a leader asks for, by what this broker's image says; others are heard of under the registrations of it. */
        CompletionStage<IsrOutcome> propose(TopicPartition id, int... isr) {
            return propose(id, proposal(id, isr));
        }

        IsrProposal proposal(TopicPartition id, int... isr) {
            ClusterImage image = follower.image();
            PartitionImage partition = partition(image, id);
            TreeMap<Integer, Long> members = new TreeMap<>();
            for (int member : isr) {
                BrokerImage broker = image.broker(member);
                members.put(member, broker == null ? -1 : broker.epoch());
            }
            return new IsrProposal(this.id, partition.leaderEpoch(), partition.partitionEpoch(), members);
        }

        CompletionStage<IsrOutcome> propose(TopicPartition id, IsrProposal proposal) {
            return isrWriter.propose(
                    id,
                    Objects.requireNonNull(follower.image().topic(id.topic())).id(),
                    proposal);
        }
    }

    /** Starts brokers whose last processes have ended cleanly. */
    TestBrokers start(int... ids) {
        for (int id : ids) {
            start(id, LastEnd.CLEAN);
        }
        return this;
    }

    TestBroker start(int id, LastEnd lastEnd) {
        TestBroker broker = new TestBroker(id, tree.openSession(), ConfigValues.of(config));
        running.put(id, broker);
        done(broker.start(lastEnd));
        return broker;
    }

    /** Lets a broker die while it starts, after so many writes; the last of them may be done though nobody hears of it. */
    void startAndDie(int id, LastEnd lastEnd, int writes, boolean lastIsDone) {
        TestBroker broker = new TestBroker(id, tree.openSession(), ConfigValues.of(config));
        broker.session.dieAfter(writes, lastIsDone);
        assertThat(broker.start(lastEnd)).failsWithin(Duration.ofSeconds(30));
        broker.follower.close();
    }

    TestBroker broker(int id) {
        return Objects.requireNonNull(running.get(id));
    }

    /** Ends brokers as if their processes were killed and their sessions expired at the same time. */
    void kill(int... ids) {
        List<TestBroker> killed = new ArrayList<>();
        for (int id : ids) {
            killed.add(Objects.requireNonNull(running.remove(id)));
        }
        killed.forEach(broker -> broker.session.cut());
        killed.forEach(broker -> {
            broker.session.close();
            broker.follower.close();
        });
    }

    /** Lets a broker lose its session. */
    void expire(int id) {
        TestBroker broker = broker(id);
        broker.session.cut();
        broker.session.close();
    }

    /** Gives a broker that has lost its session another one. */
    void renew(int id) {
        TestBroker broker = broker(id);
        broker.session.replace(tree.openSession());
        done(broker.session.watchAgain());
        done(broker.controller.rejoin(broker.image()));
    }

    /** Lets followers catch up: leaders propose all that have a replica and are there. Once. */
    void catchUp() {
        settle();
        ClusterImage image = image();
        List<CompletionStage<IsrOutcome>> proposals = new ArrayList<>();
        for (TopicImage topic : image.topics()) {
            for (PartitionImage partition : topic.partitions()) {
                TestBroker leader = running.get(partition.leader());
                int[] there = partition.replicas().stream()
                        .filter(running::containsKey)
                        .mapToInt(Integer::intValue)
                        .toArray();
                if (leader != null && there.length > partition.isr().size()) {
                    proposals.add(leader.propose(new TopicPartition(topic.name(), partition.index()), there));
                }
            }
        }
        proposals.forEach(TestBrokers::done);
    }

    /** Sets which brokers are to be emptied. */
    void drain(String ids) {
        done(own.create(
                TreeLayout.brokerConfig(TreeLayout.DEFAULT_ENTITY),
                TreeLayout.config(Map.of("draining.brokers", ids)),
                CreateMode.PERSISTENT));
        settle();
    }

    /** Tells how large all partitions of a topic are. */
    void tellSizes(String topic, long bytes) {
        for (TestBroker broker : running.values()) {
            Map<TopicPartition, Long> led = new HashMap<>();
            for (PartitionImage partition :
                    Objects.requireNonNull(image().topic(topic)).partitions()) {
                if (partition.leader() == broker.id) {
                    led.put(new TopicPartition(topic, partition.index()), bytes);
                }
            }
            done(broker.controller.tellSizes(led));
        }
    }

    /** How many replicas of a topic a broker has. */
    long replicas(String topic, int id) {
        return Objects.requireNonNull(image().topic(topic)).partitions().stream()
                .filter(partition -> partition.replicas().contains(id))
                .count();
    }

    /** The broker that the tree names as the controller. */
    TestBroker controller() {
        Awaitility.await()
                .pollDelay(Duration.ZERO)
                .until(() -> running.containsKey(image().controllerId())
                        && broker(image().controllerId()).follower.image().controllerId() == image().controllerId());
        return broker(image().controllerId());
    }

    void create(String topic, List<List<Integer>> assignment) {
        create(topic, assignment, Map.of());
    }

    void create(String topic, List<List<Integer>> assignment, Map<String, String> topicConfig) {
        done(controller()
                .controller
                .createTopic(new Controller.NewTopic(topic, -1, -1, assignment, topicConfig), false));
        running.values().forEach(broker -> done(broker.follower.settled()));
    }

    /** The cluster as the tree has it now. */
    ClusterImage image() {
        return done(observer.settled());
    }

    PartitionImage partition(TopicPartition id) {
        return partition(image(), id);
    }

    private static PartitionImage partition(ClusterImage image, TopicPartition id) {
        TopicImage topic = Objects.requireNonNull(image.topic(id.topic()), id::toString);
        return Objects.requireNonNull(topic.partition(id.index()), id::toString);
    }

    /** Waits until a partition is led by a broker with these in sync, in any order. */
    void await(TopicPartition id, int leader, Integer... isr) {
        Awaitility.await().pollDelay(Duration.ZERO).untilAsserted(() -> {
            PartitionImage partition = partition(id);
            assertThat(partition.leader()).as("%s", partition).isEqualTo(leader);
            assertThat(partition.isr()).as("%s", partition).containsExactlyInAnyOrder(isr);
        });
    }

    /** Waits until running brokers have seen what is in the tree. */
    void settle() {
        running.values().forEach(broker -> done(broker.follower.settled()));
    }

    static <T> T done(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        kill(running.keySet().stream().mapToInt(Integer::intValue).toArray());
        observer.close();
        tree.close();
    }
}
