// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.target.ClusterBroker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A group of members that read what a producer writes, and commit as they go. What was acknowledged of their commits is remembered, and
 * whoever is assigned what another has not given back.
 */
final class GroupTrial implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String LOST_POSITION = "without a valid current position";

    private final TestCluster cluster;
    private final String topic;
    private final String group;
    private final int partitions;
    private final Admin admin;
    private final List<Thread> threads = new ArrayList<>();
    private final Map<TopicPartition, Long> acknowledged = new ConcurrentHashMap<>();
    private final Map<TopicPartition, String> owners = new ConcurrentHashMap<>();
    private final Queue<String> problems = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;

    /**
     * Creates the topic and begins.
     *
     * @param protocols the {@code group.protocol} of each member
     */
    GroupTrial(TestCluster cluster, String topic, int partitions, List<String> protocols) throws Exception {
        this.cluster = cluster;
        this.topic = topic;
        this.group = "group-of-" + topic;
        this.partitions = partitions;
        this.admin = Admin.create(Map.of(
                "bootstrap.servers", cluster.bootstrap(), "request.timeout.ms", 5000, "default.api.timeout.ms", 5000));
        cluster.createTopic(topic, partitions);
        start("writer", this::write);
        for (int i = 0; i < protocols.size(); i++) {
            String name = "member-" + i;
            String protocol = protocols.get(i);
            start(name, () -> readOn(name, protocol));
        }
    }

    private void start(String name, Runnable work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (RuntimeException e) {
                        problems.add(name + " has ended: " + e);
                    }
                },
                name);
        thread.start();
        threads.add(thread);
    }

    private void write() {
        Map<String, Object> config = Map.of("bootstrap.servers", cluster.bootstrap(), "linger.ms", 5);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; !closed; i++) {
                producer.send(new ProducerRecord<>(topic, i % partitions, null, new byte[10]));
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Reads with one consumer after the other: that of kafka-clients 4 fails when it gives up a position, as at a change of the leader,
     * whose records it is just handing out.
     */
    private void readOn(String name, String protocol) {
        while (!closed) {
            try {
                read(name, protocol);
            } catch (IllegalStateException e) {
                if (!String.valueOf(e.getMessage()).contains(LOST_POSITION)) {
                    throw e;
                }
            }
        }
    }

    private void read(String name, String protocol) {
        Map<String, Object> config = Map.of(
                "bootstrap.servers",
                cluster.bootstrap(),
                "group.id",
                group,
                "group.protocol",
                protocol,
                "auto.offset.reset",
                "earliest",
                "enable.auto.commit",
                false);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(topic), new Ownership(name));
            while (!closed) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(50));
                if (!records.isEmpty()) {
                    commit(consumer, records);
                }
            }
        }
    }

    private void commit(KafkaConsumer<byte[], byte[]> consumer, ConsumerRecords<byte[], byte[]> records) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            offsets.put(
                    new TopicPartition(record.topic(), record.partition()), new OffsetAndMetadata(record.offset() + 1));
        }
        try {
            consumer.commitSync(offsets, PATIENCE);
            offsets.forEach((partition, offset) -> acknowledged.merge(partition, offset.offset(), Math::max));
        } catch (CommitFailedException | RebalanceInProgressException e) {
            // Not acknowledged: whoever has the partition by now reads it again.
            assertThat(e).isNotNull();
        }
    }

    /** Notes what a member has, and who had it. */
    private final class Ownership implements ConsumerRebalanceListener {

        private final String name;

        private Ownership(String name) {
            this.name = name;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
            assigned.forEach(partition -> {
                String other = owners.put(partition, name);
                if (other != null && !other.equals(name)) {
                    problems.add(name + " was assigned " + partition + ", which " + other + " has not given back");
                }
            });
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
            revoked.forEach(partition -> owners.remove(partition, name));
        }
    }

    /** The broker that coordinates the group, once there is one that runs. */
    ClusterBroker awaitCoordinator() {
        return Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> coordinator(), broker -> broker != null && broker.isRunning());
    }

    private @Nullable ClusterBroker coordinator() throws Exception {
        try {
            Node node = admin.describeConsumerGroups(List.of(group))
                    .all()
                    .get(10, TimeUnit.SECONDS)
                    .get(group)
                    .coordinator();
            return node == null ? null : cluster.brokers().broker(node.id());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RetriableException) {
                return null;
            }
            throw e;
        }
    }

    /** Waits until a commit of every partition has been acknowledged that is later than what has been so far. */
    void awaitCommits() {
        Map<TopicPartition, Long> before = Map.copyOf(acknowledged);
        Awaitility.await().atMost(PATIENCE).until(() -> {
            assertThat(problems).isEmpty();
            return acknowledged.size() == partitions
                    && acknowledged.entrySet().stream()
                            .allMatch(entry -> entry.getValue() > before.getOrDefault(entry.getKey(), 0L));
        });
    }

    /** What was acknowledged by now is there. */
    void verify() throws Exception {
        Map<TopicPartition, Long> before = Map.copyOf(acknowledged);
        Map<TopicPartition, OffsetAndMetadata> committed = Awaitility.await()
                .atMost(PATIENCE)
                .ignoreException(ExecutionException.class)
                .until(
                        () -> admin.listConsumerGroupOffsets(group)
                                .partitionsToOffsetAndMetadata()
                                .get(10, TimeUnit.SECONDS),
                        found -> true);
        before.forEach(
                (partition, offset) -> assertThat(committed.get(partition).offset())
                        .as("committed for %s", partition)
                        .isGreaterThanOrEqualTo(offset));
        assertThat(problems).isEmpty();
    }

    /** How many members have partitions. */
    long owners() {
        return owners.values().stream().distinct().count();
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        for (Thread thread : threads) {
            thread.join();
        }
        admin.close();
    }
}
