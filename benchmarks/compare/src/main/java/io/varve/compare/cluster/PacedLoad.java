// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare.cluster;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * One producer that sends so many records in a second, at once and not when there are more of them. Latency counts from the moment at
 * which a record was due, so that who holds up the producer does not hide what it costs.
 *
 * <p>Threading: a thread of its own sends; acknowledgements come on the producer's.
 */
final class PacedLoad implements AutoCloseable {

    private static final int SIGNIFICANT_DIGITS = 3;
    private static final int VALUE_BYTES = 100;
    private static final int KILL_PER_SECOND = 1000;
    private static final int SETTLE_MS = 3000;
    private static final long PATIENCE_NS = Duration.ofMinutes(2).toNanos();

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final long intervalNs;
    private final Recorder recorder = new Recorder(SIGNIFICANT_DIGITS);
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    private final AtomicLong lastDueNs = new AtomicLong(Long.MIN_VALUE);
    private final AtomicLong lastAcknowledgedNs = new AtomicLong(System.nanoTime());
    private final AtomicLong longestGapNs = new AtomicLong();
    private final Thread thread;
    private volatile boolean sending = true;

    private PacedLoad(String bootstrap, String topic, int perSecond) {
        this.topic = topic;
        this.intervalNs = TimeUnit.SECONDS.toNanos(1) / perSecond;
        this.producer = ProduceLoad.producer(bootstrap, Map.of("linger.ms", 0, "max.block.ms", 300_000));
        this.thread = new Thread(this::send, "paced-producer");
        thread.start();
    }

    /** From the moment at which a record was due to its acknowledgement. */
    record Outcome(double p50Ms, double p99Ms, double p999Ms) {}

    /** Runs for a while and measures for another. */
    static Outcome measure(String bootstrap, String topic, int perSecond, long warmUpMs, long measureMs)
            throws InterruptedException {
        try (PacedLoad load = new PacedLoad(bootstrap, topic, perSecond)) {
            Thread.sleep(warmUpMs);
            load.recorder.reset();
            Thread.sleep(measureMs);
            Histogram histogram = load.recorder.getIntervalHistogram();
            return new Outcome(
                    histogram.getValueAtPercentile(50) / 1e6,
                    histogram.getValueAtPercentile(99) / 1e6,
                    histogram.getValueAtPercentile(99.9) / 1e6);
        }
    }

    /** Does something under load; the longest time without an acknowledgement until one comes of a record that was due afterwards. */
    static double longestGapMs(String bootstrap, String topic, Runnable misfortune) throws InterruptedException {
        try (PacedLoad load = new PacedLoad(bootstrap, topic, KILL_PER_SECOND)) {
            Thread.sleep(SETTLE_MS);
            load.longestGapNs.set(0);
            misfortune.run();
            long doneNs = System.nanoTime();
            while (load.lastDueNs.get() < doneNs) {
                if (System.nanoTime() - doneNs > PATIENCE_NS) {
                    throw new IllegalStateException("records are not acknowledged any more: topic=" + topic);
                }
                Thread.sleep(1);
            }
            return load.longestGapNs.get() / 1e6;
        }
    }

    private void send() {
        byte[] value = ProduceLoad.values(VALUE_BYTES)[0];
        long dueNs = System.nanoTime();
        while (sending) {
            long recordDueNs = dueNs;
            producer.send(new ProducerRecord<>(topic, value), (metadata, exception) -> {
                if (exception == null) {
                    acknowledged(recordDueNs, System.nanoTime());
                } else {
                    failure.compareAndSet(null, exception);
                }
            });
            dueNs += intervalNs;
            LockSupport.parkNanos(dueNs - System.nanoTime());
        }
    }

    /** On the producer's one thread. */
    private void acknowledged(long dueNs, long nowNs) {
        recorder.recordValue(Math.max(0, nowNs - dueNs));
        longestGapNs.set(Math.max(longestGapNs.get(), nowNs - lastAcknowledgedNs.getAndSet(nowNs)));
        lastDueNs.set(Math.max(lastDueNs.get(), dueNs));
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
