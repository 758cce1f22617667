// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * One producer that sends as fast as it can.
 *
 * <p>Threading: a thread of its own sends; the count may be read by any.
 */
final class ProduceLoad implements AutoCloseable {

    private static final int VALUES = 64;

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final int valueBytes;
    private final LongAdder acknowledged = new LongAdder();
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    private final Thread thread;
    private volatile boolean sending = true;

    /**
     * What is sent.
     *
     * @param name for the table
     * @param valueBytes of each record
     * @param config what differs from the producer's defaults
     */
    record Shape(String name, int valueBytes, Map<String, Object> config) {}

    /** Begins at once. */
    ProduceLoad(String bootstrap, String topic, Shape shape) {
        this.topic = topic;
        this.valueBytes = shape.valueBytes();
        this.producer = producer(bootstrap, shape.config());
        this.thread = new Thread(this::send, "producer");
        thread.start();
    }

    /** An idempotent producer, as it is by default; everything else is its default too, but what is given. */
    static KafkaProducer<byte[], byte[]> producer(String bootstrap, Map<String, Object> config) {
        Map<String, Object> all = new HashMap<>(config);
        all.put("bootstrap.servers", bootstrap);
        all.put("acks", "all");
        return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Bytes that do not compress, a few different values of them. */
    static byte[][] values(int valueBytes) {
        Random random = new Random(valueBytes);
        byte[][] values = new byte[VALUES][valueBytes];
        for (byte[] value : values) {
            random.nextBytes(value);
        }
        return values;
    }

    /** Sends one record to each partition, and returns when all are acknowledged. */
    static void sendToEach(String bootstrap, String topic, int partitions) throws InterruptedException {
        try (KafkaProducer<byte[], byte[]> producer = producer(bootstrap, Map.of())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int partition = 0; partition < partitions; partition++) {
                sent.add(producer.send(new ProducerRecord<>(topic, partition, null, new byte[1])));
            }
            for (Future<RecordMetadata> record : sent) {
                record.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("a record was not acknowledged: topic=" + topic, e);
        }
    }

    private void send() {
        byte[][] values = values(valueBytes);
        Callback callback = (metadata, exception) -> {
            if (exception == null) {
                acknowledged.increment();
            } else {
                failure.compareAndSet(null, exception);
            }
        };
        for (int i = 0; sending; i = (i + 1) % VALUES) {
            producer.send(new ProducerRecord<>(topic, values[i]), callback);
        }
    }

    /** Records so far. */
    long acknowledged() {
        return acknowledged.sum();
    }

    @Override
    public void close() {
        sending = false;
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while a load ends", e);
        }
        producer.close(Duration.ofMinutes(2));
        Exception failed = failure.get();
        if (failed != null) {
            throw new IllegalStateException("a record was not acknowledged: topic=" + topic, failed);
        }
    }
}
