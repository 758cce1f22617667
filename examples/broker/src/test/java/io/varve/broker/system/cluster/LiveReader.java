// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads a topic from its start on, while it is written, and enters into the ledgers what it is shown.
 *
 * <p>Threading: a thread of its own reads; the ledgers take care of themselves.
 */
final class LiveReader {

    private final String bootstrap;
    private final List<TopicPartition> partitions;
    private final List<Ledger> ledgers;
    private final Thread thread;
    private volatile boolean reading = true;

    /** Begins at once. */
    LiveReader(String bootstrap, String topic, List<Ledger> ledgers) {
        this.bootstrap = bootstrap;
        this.partitions = partitions(topic, ledgers.size());
        this.ledgers = ledgers;
        this.thread = new Thread(this::read, "reader-" + topic);
        thread.start();
    }

    private static List<TopicPartition> partitions(String topic, int count) {
        return IntStream.range(0, count)
                .mapToObj(partition -> new TopicPartition(topic, partition))
                .toList();
    }

    private static KafkaConsumer<byte[], byte[]> consumer(String bootstrap) {
        return new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        bootstrap,
                        // An offset that is out of range, or truncated, is a failure.
                        "auto.offset.reset",
                        "none",
                        "request.timeout.ms",
                        5000,
                        "reconnect.backoff.max.ms",
                        100),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    private void read() {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(bootstrap)) {
            consumer.assign(partitions);
            partitions.forEach(partition -> consumer.seek(partition, 0));
            while (reading) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    ledgers.get(record.partition()).show(record.offset(), sequence(record));
                }
            }
        } catch (KafkaException e) {
            ledgers.get(0).failReader(e);
        }
    }

    private static long sequence(ConsumerRecord<byte[], byte[]> record) {
        return ByteBuffer.wrap(record.value()).getLong();
    }

    void stop() throws InterruptedException {
        reading = false;
        thread.join();
    }

    /** All that a topic has, by partition: sequences by offset. */
    static List<LongList> readAll(String bootstrap, String topic, int count) {
        List<TopicPartition> partitions = partitions(topic, count);
        List<LongList> all =
                partitions.stream().map(partition -> new LongList()).toList();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(bootstrap)) {
            consumer.assign(partitions);
            partitions.forEach(partition -> consumer.seek(partition, 0));
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    all.get(record.partition()).set(record.offset(), sequence(record));
                }
            }
        }
        return all;
    }
}
