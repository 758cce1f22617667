// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.broker.Broker;
import io.varve.broker.config.ConfigValues;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.GroupSubscribedToTopicException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups of the real Java client, of its consumer and its administration, with a broker in this process. */
class ConsumerGroupTest {

    private static final int PARTITIONS = 4;
    private static final TopicPartition FIRST = new TopicPartition("t", 0);

    @TempDir
    Path directory;

    @Test
    void shouldShareATopicBetweenMembersAndKeepTheirOffsetsOverARestart() throws Exception {
        try (Broker broker = start()) {
            createTopic(broker);
            try (KafkaConsumer<String, String> one = member(broker, Map.of());
                    KafkaConsumer<String, String> other = member(broker, Map.of())) {
                awaitAssigned(PARTITIONS, one);
                awaitShared(one, other);
                produce(broker, 40);

                Set<String> values = consume(40, one, other);
                one.commitSync();
                other.commitSync();
                other.unsubscribe();
                awaitAssigned(PARTITIONS, one);

                assertThat(values).hasSize(40);
            }
        }
        try (Broker broker = start()) {
            produce(broker, 4);
            try (KafkaConsumer<String, String> member = member(broker, Map.of());
                    Admin admin = admin(broker)) {
                Map<TopicPartition, OffsetAndMetadata> committed = offsets(admin);

                assertThat(committed.values().stream()
                                .mapToLong(OffsetAndMetadata::offset)
                                .sum())
                        .isEqualTo(40);
                awaitAssigned(PARTITIONS, member);
                // Nothing that was committed is read again.
                assertThat(read(member, 4)).hasSize(4);
            }
        }
    }

    @Test
    void shouldKeepAMemberOverARestartOfTheBroker() throws Exception {
        Map<String, String> port = new HashMap<>();
        Broker broker = start();
        InetSocketAddress address = broker.listeners().get(0);
        port.put("listeners", "PLAINTEXT://127.0.0.1:" + address.getPort());
        createTopic(broker);
        // A client that begins anew with its bootstrap servers (KIP-899) forgets the partitions, and joins anew itself.
        Map<String, Object> settings = Map.of("group.instance.id", "s", "metadata.recovery.strategy", "none");
        try (KafkaConsumer<String, String> member = member(broker, settings)) {
            awaitAssigned(PARTITIONS, member);
            int generation = member.groupMetadata().generationId();
            String memberId = member.groupMetadata().memberId();
            broker.close();
            broker = start(port);

            produce(broker, 8);

            assertThat(read(member, 8)).hasSize(8);
            member.commitSync();
            assertThat(member.groupMetadata().generationId()).isEqualTo(generation);
            assertThat(member.groupMetadata().memberId()).isEqualTo(memberId);
        } finally {
            broker.close();
        }
    }

    @Test
    void shouldFenceAStaticMemberWhoseNameIsTaken() throws Exception {
        try (Broker broker = start()) {
            createTopic(broker);
            try (KafkaConsumer<String, String> before = member(broker, Map.of("group.instance.id", "s"));
                    KafkaConsumer<String, String> after = member(broker, Map.of("group.instance.id", "s"))) {
                awaitAssigned(PARTITIONS, before);
                int generation = before.groupMetadata().generationId();

                awaitAssigned(PARTITIONS, after);

                assertThat(after.groupMetadata().generationId()).isEqualTo(generation);
                // Without offsets of its own the client may have no position yet, and then it asks the broker nothing.
                assertThatThrownBy(() -> before.commitSync(Map.of(FIRST, new OffsetAndMetadata(0))))
                        .isInstanceOf(FencedInstanceIdException.class);
            }
        }
    }

    @Test
    void shouldBeAdministered() throws Exception {
        try (Broker broker = start();
                Admin admin = admin(broker)) {
            createTopic(broker);
            produce(broker, 8);
            try (KafkaConsumer<String, String> member = member(broker, Map.of("group.instance.id", "s"))) {
                awaitAssigned(PARTITIONS, member);
                assertThat(read(member, 8)).hasSize(8);
                member.commitSync();

                ConsumerGroupDescription described = describe(admin);
                assertThat(described.groupState()).isEqualTo(GroupState.STABLE);
                assertThat(described.partitionAssignor()).isEqualTo("range");
                assertThat(described.authorizedOperations()).hasSize(5);
                assertThat(described.members()).singleElement().satisfies(only -> {
                    assertThat(only.groupInstanceId()).hasValue("s");
                    assertThat(only.assignment().topicPartitions()).hasSize(PARTITIONS);
                });
                assertThat(list(admin, GroupState.STABLE)).containsExactly("g");
                assertThat(list(admin, GroupState.EMPTY)).isEmpty();
                assertThatThrownBy(() ->
                                admin.deleteConsumerGroups(List.of("g")).all().get())
                        .hasCauseInstanceOf(GroupNotEmptyException.class);
                assertThatThrownBy(() -> admin.deleteConsumerGroupOffsets("g", Set.of(FIRST))
                                .partitionResult(FIRST)
                                .get())
                        .hasCauseInstanceOf(GroupSubscribedToTopicException.class);
                admin.removeMembersFromConsumerGroup(
                                "g", new RemoveMembersFromConsumerGroupOptions(Set.of(new MemberToRemove("s"))))
                        .all()
                        .get(30, TimeUnit.SECONDS);
                assertThat(describe(admin).groupState()).isEqualTo(GroupState.EMPTY);
            }

            admin.alterConsumerGroupOffsets("g", Map.of(FIRST, new OffsetAndMetadata(1)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
            assertThat(offsets(admin).get(FIRST).offset()).isEqualTo(1);
            admin.deleteConsumerGroupOffsets("g", Set.of(FIRST)).all().get(30, TimeUnit.SECONDS);
            assertThat(offsets(admin)).doesNotContainKey(FIRST).hasSize(PARTITIONS - 1);
            admin.deleteConsumerGroups(List.of("g")).all().get(30, TimeUnit.SECONDS);
            assertThat(list(admin, GroupState.EMPTY)).isEmpty();
            assertThatThrownBy(() -> describe(admin))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(GroupIdNotFoundException.class);
        }
    }

    @Test
    void shouldForgetTheOffsetsOfADeletedTopic() throws Exception {
        try (Broker broker = start();
                Admin admin = admin(broker)) {
            createTopic(broker);
            admin.alterConsumerGroupOffsets("g", Map.of(FIRST, new OffsetAndMetadata(7)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
            assertThat(offsets(admin)).hasSize(1);

            admin.deleteTopics(List.of("t")).all().get(30, TimeUnit.SECONDS);
            createTopic(broker);

            Awaitility.await().untilAsserted(() -> assertThat(offsets(admin)).isEmpty());
        }
    }

    private Broker start() {
        return start(Map.of());
    }

    private Broker start(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(Map.of(
                "log.dirs",
                directory.resolve("data").toString(),
                "listeners",
                "PLAINTEXT://127.0.0.1:0",
                "offsets.topic.num.partitions",
                "3",
                "group.initial.rebalance.delay.ms",
                "0"));
        all.putAll(settings);
        return Broker.start(ConfigValues.of(all));
    }

    private static String bootstrap(Broker broker) {
        InetSocketAddress address = broker.listeners().get(0);
        return address.getHostString() + ":" + address.getPort();
    }

    private static Admin admin(Broker broker) {
        return Admin.create(Map.of("bootstrap.servers", bootstrap(broker)));
    }

    private static void createTopic(Broker broker) throws Exception {
        try (Admin admin = admin(broker)) {
            admin.createTopics(List.of(new NewTopic("t", PARTITIONS, (short) 1)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
        }
    }

    private static KafkaConsumer<String, String> member(Broker broker, Map<String, Object> settings) {
        Map<String, Object> config = new HashMap<>(Map.of(
                "bootstrap.servers",
                bootstrap(broker),
                "group.id",
                "g",
                "auto.offset.reset",
                "earliest",
                "enable.auto.commit",
                false,
                "heartbeat.interval.ms",
                200,
                "reconnect.backoff.max.ms",
                200));
        config.putAll(settings);
        KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
        consumer.subscribe(List.of("t"));
        return consumer;
    }

    /** A member takes part in its group while it polls; what it reads meanwhile is put back. */
    private static void poll(KafkaConsumer<String, String> member) {
        for (ConsumerRecord<String, String> record : member.poll(Duration.ofMillis(50))) {
            TopicPartition partition = new TopicPartition(record.topic(), record.partition());
            member.seek(partition, Math.min(record.offset(), member.position(partition)));
        }
    }

    private static void awaitAssigned(int partitions, KafkaConsumer<String, String> member) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            poll(member);
            return member.assignment().size() == partitions;
        });
    }

    private static void awaitShared(KafkaConsumer<String, String> one, KafkaConsumer<String, String> other) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            poll(one);
            poll(other);
            Set<TopicPartition> both = new HashSet<>(one.assignment());
            both.addAll(other.assignment());
            return one.assignment().size() == PARTITIONS / 2
                    && other.assignment().size() == PARTITIONS / 2
                    && both.size() == PARTITIONS;
        });
    }

    private static Set<String> consume(
            int count, KafkaConsumer<String, String> one, KafkaConsumer<String, String> other) {
        Set<String> values = new HashSet<>();
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            one.poll(Duration.ofMillis(50)).forEach(record -> values.add(record.value()));
            other.poll(Duration.ofMillis(50)).forEach(record -> values.add(record.value()));
            return values.size() >= count;
        });
        return values;
    }

    private static List<String> read(KafkaConsumer<String, String> member, int count) {
        List<String> values = new ArrayList<>();
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            member.poll(Duration.ofMillis(50)).forEach(record -> values.add(record.value()));
            return values.size() >= count;
        });
        return values;
    }

    private static void produce(Broker broker, int count) {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap(broker));
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < count; i++) {
                producer.send(new ProducerRecord<>("t", i % PARTITIONS, null, "value " + i));
            }
        }
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(Admin admin) throws Exception {
        return admin.listConsumerGroupOffsets("g")
                .partitionsToOffsetAndMetadata()
                .get(30, TimeUnit.SECONDS);
    }

    private static ConsumerGroupDescription describe(Admin admin) throws Exception {
        return admin.describeConsumerGroups(
                        List.of("g"), new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true))
                .describedGroups()
                .get("g")
                .get(30, TimeUnit.SECONDS);
    }

    private static List<String> list(Admin admin, GroupState state) throws Exception {
        return admin
                .listGroups(ListGroupsOptions.forConsumerGroups().inGroupStates(Set.of(state)))
                .all()
                .get(30, TimeUnit.SECONDS)
                .stream()
                .map(GroupListing::groupId)
                .toList();
    }
}
