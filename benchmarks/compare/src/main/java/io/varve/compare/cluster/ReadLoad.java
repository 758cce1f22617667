// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare.cluster;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** One consumer that reads as fast as it can. */
final class ReadLoad {

    private ReadLoad() {}

    /** What was read, and in which time. */
    record Outcome(long records, double seconds) {}

    /** Reads all that a topic has now, from its start. */
    static Outcome readAll(String bootstrap, String topic, int partitionCount) {
        List<TopicPartition> partitions = IntStream.range(0, partitionCount)
                .mapToObj(partition -> new TopicPartition(topic, partition))
                .toList();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(partitions);
            long records = consumer.endOffsets(partitions).values().stream()
                    .mapToLong(Long::longValue)
                    .sum();
            consumer.seekToBeginning(partitions);
            long startNs = System.nanoTime();
            for (long read = 0; read < records; ) {
                read += consumer.poll(Duration.ofSeconds(1)).count();
            }
            return new Outcome(records, (System.nanoTime() - startNs) / 1e9);
        }
    }
}
