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
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidRegularExpression;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Consumer groups of KIP-848 of the real Java client, with a broker in this process. */
class ConsumerProtocolTest {

    private static final int PARTITIONS = 4;

    @TempDir
    Path directory;

    @Test
    void shouldShareATopicBetweenMembersAndKeepTheirOffsetsOverARestart() throws Exception {
        try (Broker broker = start(Map.of())) {
            createTopic(broker, "t");
            try (KafkaConsumer<String, String> one = member(broker, Map.of());
                    KafkaConsumer<String, String> other = member(broker, Map.of())) {
                one.subscribe(List.of("t"));
                other.subscribe(List.of("t"));
                awaitShared(one, other);
                produce(broker, "t", 40);

                assertThat(read(40, one, other)).hasSize(40).doesNotHaveDuplicates();
                one.commitSync();
                other.commitSync();
                other.unsubscribe();
                awaitAssigned(PARTITIONS, one);
            }
        }
        try (Broker broker = start(Map.of());
                KafkaConsumer<String, String> member = member(broker, Map.of())) {
            produce(broker, "t", 4);
            member.subscribe(List.of("t"));

            assertThat(read(4, member)).hasSize(4);
            assertThat(member.poll(Duration.ofMillis(200))).isEmpty();
        }
    }

    @Test
    void shouldKeepAMemberOverARestartOfTheBroker() throws Exception {
        Broker broker = start(Map.of());
        int port = broker.listeners().get(0).getPort();
        createTopic(broker, "t");
        try (KafkaConsumer<String, String> member = member(broker, Map.of("metadata.recovery.strategy", "none"))) {
            member.subscribe(List.of("t"));
            awaitAssigned(PARTITIONS, member);
            String memberId = member.groupMetadata().memberId();
            int epoch = member.groupMetadata().generationId();
            broker.close();
            broker = start(Map.of("listeners", "PLAINTEXT://127.0.0.1:" + port));

            produce(broker, "t", 8);

            assertThat(read(8, member)).hasSize(8);
            member.commitSync();
            assertThat(member.groupMetadata().memberId()).isEqualTo(memberId);
            assertThat(member.groupMetadata().generationId()).isEqualTo(epoch);
        } finally {
            broker.close();
        }
    }

    @Test
    void shouldFollowAnExpressionToTopicsThatComeLater() throws Exception {
        try (Broker broker = start(Map.of());
                KafkaConsumer<String, String> member = member(broker, Map.of())) {
            createTopic(broker, "a-1");
            createTopic(broker, "b-1");
            member.subscribe(new SubscriptionPattern("a-.*"));
            awaitAssigned(PARTITIONS, member);

            createTopic(broker, "a-2");
            awaitAssigned(2 * PARTITIONS, member);

            assertThat(member.assignment()).extracting(TopicPartition::topic).containsOnly("a-1", "a-2");
        }
    }

    @Test
    void shouldRefuseAnExpressionThatIsNone() throws Exception {
        try (Broker broker = start(Map.of());
                KafkaConsumer<String, String> member = member(broker, Map.of())) {
            createTopic(broker, "t");
            member.subscribe(new SubscriptionPattern("a["));

            assertThatThrownBy(() -> read(1, member)).isInstanceOf(InvalidRegularExpression.class);
        }
    }

    @Test
    void shouldBeDescribedAndListed() throws Exception {
        try (Broker broker = start(Map.of());
                Admin admin = admin(broker);
                KafkaConsumer<String, String> member = member(
                        broker, Map.of("group.instance.id", "s", "client.id", "c", "group.remote.assignor", "range"))) {
            createTopic(broker, "t");
            member.subscribe(List.of("t"));
            awaitAssigned(PARTITIONS, member);

            ConsumerGroupDescription group = admin.describeConsumerGroups(List.of("g"))
                    .describedGroups()
                    .get("g")
                    .get(30, TimeUnit.SECONDS);
            GroupListing listed = admin.listGroups()
                    .all()
                    .get(30, TimeUnit.SECONDS)
                    .iterator()
                    .next();

            assertThat(group.type()).isEqualTo(GroupType.CONSUMER);
            assertThat(group.groupState()).isEqualTo(GroupState.STABLE);
            assertThat(group.partitionAssignor()).isEqualTo("range");
            assertThat(group.members()).singleElement().satisfies(described -> {
                assertThat(described.groupInstanceId()).contains("s");
                assertThat(described.clientId()).isEqualTo("c");
                assertThat(described.assignment().topicPartitions()).hasSize(PARTITIONS);
                assertThat(described.targetAssignment().orElseThrow().topicPartitions())
                        .hasSize(PARTITIONS);
            });
            assertThat(listed.groupId()).isEqualTo("g");
            assertThat(listed.type()).contains(GroupType.CONSUMER);
            assertThat(listed.groupState()).contains(GroupState.STABLE);
        }
    }

    @Test
    void shouldTakeTheNameAndTheOffsetsOfAnEmptyGroupOfTheOtherProtocol() throws Exception {
        try (Broker broker = start(Map.of())) {
            createTopic(broker, "t");
            for (String protocol : List.of("classic", "consumer", "classic")) {
                produce(broker, "t", 4);
                try (KafkaConsumer<String, String> member = member(broker, Map.of("group.protocol", protocol))) {
                    member.subscribe(List.of("t"));

                    assertThat(read(4, member)).as(protocol).hasSize(4);
                    member.commitSync();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"RangeAssignor", "CooperativeStickyAssignor"})
    void shouldTakeMembersOfTheOtherProtocolAlongAndGoBackWithThem(String assignor) throws Exception {
        Map<String, Object> classic = Map.of(
                "group.protocol",
                "classic",
                "partition.assignment.strategy",
                "org.apache.kafka.clients.consumer." + assignor,
                "heartbeat.interval.ms",
                100);
        try (Broker broker = start(Map.of());
                Admin admin = admin(broker);
                KafkaConsumer<String, String> first = member(broker, classic);
                KafkaConsumer<String, String> second = member(broker, classic);
                KafkaConsumer<String, String> consumer = member(broker, Map.of())) {
            createTopic(broker, "t");
            List.of(first, second, consumer).forEach(member -> member.subscribe(List.of("t")));
            awaitShared(first, second);
            assertThat(typeOf(admin)).isEqualTo(GroupType.CLASSIC);
            produce(broker, "t", 8);
            assertThat(read(8, first, second)).hasSize(8);
            first.commitSync();
            second.commitSync();

            awaitShared(first, second, consumer);
            assertThat(typeOf(admin)).isEqualTo(GroupType.CONSUMER);
            produce(broker, "t", 8);
            assertThat(read(8, first, second, consumer)).as("offsets are kept").hasSize(8);
            first.commitSync();
            second.commitSync();
            consumer.commitSync();

            first.unsubscribe();
            awaitShared(second, consumer);
            consumer.unsubscribe();
            awaitAssigned(PARTITIONS, second);
            assertThat(typeOf(admin)).isEqualTo(GroupType.CLASSIC);
            produce(broker, "t", 8);
            assertThat(read(8, second)).as("offsets are kept").hasSize(8);
        }
    }

    private static GroupType typeOf(Admin admin) throws Exception {
        return admin.listGroups()
                .all()
                .get(30, TimeUnit.SECONDS)
                .iterator()
                .next()
                .type()
                .orElseThrow();
    }

    @Test
    void shouldNotServeTheProtocolWhenItIsTurnedOff() throws Exception {
        try (Broker broker = start(Map.of("group.coordinator.rebalance.protocols", "classic"));
                KafkaConsumer<String, String> member = member(broker, Map.of())) {
            createTopic(broker, "t");
            member.subscribe(List.of("t"));

            assertThatThrownBy(() -> read(1, member)).isInstanceOf(UnsupportedVersionException.class);
        }
    }

    private Broker start(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(Map.of(
                "log.dirs", directory.resolve("data").toString(),
                "listeners", "PLAINTEXT://127.0.0.1:0",
                "offsets.topic.num.partitions", "3",
                "group.initial.rebalance.delay.ms", "0",
                "group.consumer.heartbeat.interval.ms", "100"));
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

    private static void createTopic(Broker broker, String name) throws Exception {
        try (Admin admin = admin(broker)) {
            admin.createTopics(List.of(new NewTopic(name, PARTITIONS, (short) 1)))
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
                "group.protocol",
                "consumer",
                "auto.offset.reset",
                "earliest",
                "enable.auto.commit",
                false,
                "metadata.max.age.ms",
                500,
                "reconnect.backoff.max.ms",
                200));
        config.putAll(settings);
        return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }

    private static void awaitAssigned(int partitions, KafkaConsumer<String, String> member) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            member.poll(Duration.ofMillis(50));
            return member.assignment().size() == partitions;
        });
    }

    /** Everybody has a part, and all parts together are the topic. */
    @SafeVarargs
    private static void awaitShared(KafkaConsumer<String, String>... members) {
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
            List<TopicPartition> all = new ArrayList<>();
            boolean each = true;
            for (KafkaConsumer<String, String> member : members) {
                member.poll(Duration.ofMillis(50));
                each &= !member.assignment().isEmpty();
                all.addAll(member.assignment());
            }
            return each && all.size() == PARTITIONS && new HashSet<>(all).size() == PARTITIONS;
        });
    }

    @SafeVarargs
    private static List<String> read(int count, KafkaConsumer<String, String>... members) {
        List<String> values = new ArrayList<>();
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            for (KafkaConsumer<String, String> member : members) {
                member.poll(Duration.ofMillis(50)).forEach(record -> values.add(record.value()));
            }
            return values.size() >= count;
        });
        return values;
    }

    private static void produce(Broker broker, String topic, int count) {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap(broker));
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < count; i++) {
                producer.send(new ProducerRecord<>(topic, i % PARTITIONS, null, "value " + i));
            }
        }
    }
}
