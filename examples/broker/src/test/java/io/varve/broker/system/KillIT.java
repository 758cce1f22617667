// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the broker again and again while one idempotent producer sends, and then reads what is there: every acknowledged record at
 * the offset that was acknowledged, all records in the order in which they were sent, none twice.
 *
 * <p>{@code -Dvarve.kill.rounds=100} is the long form; {@code -Dvarve.kill.seed} repeats the moments of a run as far as scheduling
 * lets it.
 */
class KillIT {

    private static final int ROUNDS = Integer.getInteger("varve.kill.rounds", 8);
    private static final long SEED = Long.getLong("varve.kill.seed", 20261126L);
    private static final int PARTITIONS = 3;
    private static final int IN_FLIGHT = 2000;
    private static final String TOPIC = "killed";

    private final Map<Integer, Map<Long, Long>> acknowledged = new ConcurrentHashMap<>();
    private final Queue<Exception> failures = new ConcurrentLinkedQueue<>();
    private final AtomicInteger acknowledgements = new AtomicInteger();
    private volatile boolean sending = true;

    @Test
    void shouldKeepWhatItAcknowledged(@TempDir Path directory) throws Exception {
        Random random = new Random(SEED);
        BrokerProcess broker = BrokerProcess.start(directory, "log.segment.bytes=1048576");
        int port = broker.port();
        String bootstrap = broker.bootstrap();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1)))
                    .all()
                    .get();
        }
        Thread sender = new Thread(() -> send(bootstrap), "sender");
        sender.start();
        try {
            for (int round = 0; round < ROUNDS; round++) {
                int until = acknowledgements.get() + 1 + random.nextInt(3000);
                Awaitility.await()
                        .atMost(Duration.ofMinutes(2))
                        .pollInterval(Duration.ofMillis(1))
                        .until(() -> acknowledgements.get() >= until || !failures.isEmpty());
                broker.kill();
                broker = BrokerProcess.start(directory, port, "log.segment.bytes=1048576");
            }
            sending = false;
            sender.join();
            assertThat(failures).as("seed=%d", SEED).isEmpty();
            verify(bootstrap);
        } finally {
            sending = false;
            broker.close();
        }
    }

    private void send(String bootstrap) {
        Map<String, Object> config = Map.of(
                "bootstrap.servers", bootstrap,
                "enable.idempotence", true,
                "delivery.timeout.ms", 300_000,
                "request.timeout.ms", 10_000,
                "reconnect.backoff.max.ms", 100,
                "max.block.ms", 300_000,
                "linger.ms", 1,
                "batch.size", 4096);
        Semaphore inFlight = new Semaphore(IN_FLIGHT);
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (long number = 0; sending; number++) {
                int partition = (int) (number % PARTITIONS);
                long sequence = number / PARTITIONS;
                inFlight.acquire();
                byte[] value = ByteBuffer.allocate(100).putLong(sequence).array();
                producer.send(new ProducerRecord<>(TOPIC, partition, null, value), (metadata, failure) -> {
                    inFlight.release();
                    if (failure != null) {
                        failures.add(failure);
                    } else {
                        acknowledged
                                .computeIfAbsent(partition, p -> new ConcurrentHashMap<>())
                                .put(sequence, metadata.offset());
                        acknowledgements.incrementAndGet();
                    }
                });
            }
        } catch (InterruptedException e) {
            failures.add(e);
        }
    }

    private void verify(String bootstrap) {
        Map<Integer, List<ConsumerRecord<byte[], byte[]>>> found = readAll(bootstrap);
        int records = 0;
        for (int partition = 0; partition < PARTITIONS; partition++) {
            List<ConsumerRecord<byte[], byte[]>> log = found.getOrDefault(partition, List.of());
            for (int i = 0; i < log.size(); i++) {
                long sequence = ByteBuffer.wrap(log.get(i).value()).getLong();
                assertThat(sequence)
                        .as(
                                "record at offset %d of partition %d, seed=%d",
                                log.get(i).offset(), partition, SEED)
                        .isEqualTo(i);
            }
            for (Map.Entry<Long, Long> ack : acknowledged.get(partition).entrySet()) {
                assertThat(ack.getKey())
                        .as("acknowledged sequence, partition %d", partition)
                        .isLessThan(log.size());
                // An idempotent retry may be answered without the offset once the batch has left the window.
                if (ack.getValue() >= 0) {
                    assertThat(log.get(ack.getKey().intValue()).offset())
                            .as("acknowledged offset of sequence %d, partition %d", ack.getKey(), partition)
                            .isEqualTo(ack.getValue());
                }
            }
            records += log.size();
        }
        System.out.printf(
                "killed %d times: %d records acknowledged, %d found, seed=%d%n",
                ROUNDS, acknowledgements.get(), records, SEED);
    }

    private static Map<Integer, List<ConsumerRecord<byte[], byte[]>>> readAll(String bootstrap) {
        Map<Integer, List<ConsumerRecord<byte[], byte[]>>> found = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = IntStream.range(0, PARTITIONS)
                    .mapToObj(p -> new TopicPartition(TOPIC, p))
                    .collect(Collectors.toList());
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    found.computeIfAbsent(record.partition(), p -> new ArrayList<>())
                            .add(record);
                }
            }
        }
        return found;
    }
}
