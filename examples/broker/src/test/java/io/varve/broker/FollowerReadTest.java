// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Consumers that read from a replica in their rack (KIP-392). */
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FollowerReadTest {

    private static final TopicPartition T = new TopicPartition("t", 0);

    /** Longer than the test may take: a follower that is not told what is committed does not ask. */
    private static final String LONG_MS = "600000";

    @Test
    void shouldReadFromTheFollowerInTheRackAsSoonAsItIsCommitted(@TempDir Path directory) throws Exception {
        try (EmbeddedBrokers brokers = new EmbeddedBrokers(directory)
                        .with("auto.balance.enable", "false")
                        .with("replica.selector.class", "org.apache.kafka.common.replica.RackAwareReplicaSelector")
                        .with("replica.fetch.wait.max.ms", LONG_MS)
                        .with("replica.lag.time.max.ms", LONG_MS)
                        .with("replica.socket.timeout.ms", LONG_MS)
                        .with("broker.rack", "a")
                        .start(1)
                        .with("broker.rack", "b")
                        .start(2);
                Admin admin = Admin.create(Map.of("bootstrap.servers", brokers.bootstrap()));
                KafkaProducer<String, String> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", brokers.bootstrap(), "acks", "all"),
                        new StringSerializer(),
                        new StringSerializer());
                KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                        Map.of(
                                "bootstrap.servers",
                                brokers.bootstrap(),
                                "client.rack",
                                "b",
                                "auto.offset.reset",
                                "earliest"),
                        new StringDeserializer(),
                        new StringDeserializer())) {
            admin.createTopics(List.of(new NewTopic("t", Map.of(0, List.of(1, 2)))))
                    .all()
                    .get();
            consumer.assign(List.of(T));
            List<String> read = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                producer.send(new ProducerRecord<>("t", 0, null, "v" + i)).get(60, TimeUnit.SECONDS);
                while (read.size() <= i) {
                    consumer.poll(Duration.ofMillis(100)).forEach(record -> read.add(record.value()));
                }
            }

            assertThat(read).hasSize(20).endsWith("v19");
            assertThat(preferredReplica(consumer)).isEqualTo(2);
        }
    }

    private static int preferredReplica(KafkaConsumer<?, ?> consumer) {
        return consumer.metrics().entrySet().stream()
                .filter(metric -> metric.getKey().name().equals("preferred-read-replica"))
                .map(metric -> (Integer) metric.getValue().metricValue())
                .findFirst()
                .orElse(-1);
    }
}
