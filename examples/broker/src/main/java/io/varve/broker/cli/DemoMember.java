// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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

    private static final int LEAVE_TIMEOUT_S = 15;

    private final DemoCheck check;
    private final AtomicLongArray sentNs;
    private final Map<String, Object> properties;
    private final CountDownLatch uncommitted;
    private final Histogram latencyNs = new Histogram(3);
    private volatile int assignedPartitions;
    private volatile boolean closing;
    private volatile @Nullable RuntimeException failure;

    /**
     * Prepares a member; {@link #start} lets it join.
     *
     * @param check takes the records
     * @param sentNs when each line was sent
     * @param uncommitted counts the members that have not committed yet
     * @param properties of its client
     */
    DemoMember(
            String name,
            DemoCheck check,
            AtomicLongArray sentNs,
            CountDownLatch uncommitted,
            Map<String, Object> properties) {
        super(name);
        this.check = check;
        this.sentNs = sentNs;
        this.uncommitted = uncommitted;
        this.properties = properties;
        setDaemon(true);
    }

    @Override
    public void run() {
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(Demo.TOPIC));
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
            uncommitted.countDown();
            // The first to leave makes the group share anew; what is not committed by then would be read again.
            uncommitted.await(LEAVE_TIMEOUT_S, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            failure = e;
        } finally {
            uncommitted.countDown();
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

    /** Asks the member to commit and leave. */
    void leave() {
        closing = true;
    }

    /** Waits until the member has left. */
    void awaitEnd() throws InterruptedException {
        join(TimeUnit.SECONDS.toMillis(2L * LEAVE_TIMEOUT_S));
    }
}
