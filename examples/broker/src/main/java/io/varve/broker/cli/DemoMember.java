// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * One member of the demo's consumer group: a thread that reads until all lines are back, then commits and leaves.
 *
 * <p>Threading: confined to its own thread, but for the accessors, which are safe; the histogram may be read when the
 * thread has ended.
 */
final class DemoMember extends Thread {

    private final DemoCheck check;
    private final AtomicLongArray sentNs;
    private final Map<String, Object> properties;
    private final String topic;
    private final Histogram latencyNs = new Histogram(3);
    private volatile int assignedPartitions;
    private volatile boolean closing;
    private volatile @Nullable RuntimeException failure;

    DemoMember(String name, DemoCheck check, AtomicLongArray sentNs, String topic, Map<String, Object> properties) {
        super(name);
        this.check = check;
        this.sentNs = sentNs;
        this.properties = properties;
        this.topic = topic;
        setDaemon(true);
    }

    @Override
    public void run() {
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(topic));
            while (!closing) {
                final ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(50));
                assignedPartitions = consumer.assignment().size();
                final long nowNs = System.nanoTime();
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    final int line = check.accept(record);
                    if (line >= 0) {
                        latencyNs.recordValue(Math.max(0, nowNs - sentNs.get(line)));
                    }
                }
            }
            consumer.commitSync();
        } catch (RuntimeException e) {
            failure = e;
        }
    }

    /** How many partitions the group gave to this member. */
    int assignedPartitions() {
        return assignedPartitions;
    }

    /** Why the member gave up, or null. */
    @Nullable
    RuntimeException failure() {
        return failure;
    }

    /** From the send of a record to its arrival here, in nanoseconds. */
    Histogram latencyNs() {
        return latencyNs;
    }

    /** Lets the member commit and leave, and waits for it. */
    void leave() throws InterruptedException {
        closing = true;
        join(15_000);
    }
}
