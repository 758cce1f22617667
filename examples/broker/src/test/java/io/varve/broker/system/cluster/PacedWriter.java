// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends so many records in a second, to the partitions in turn, and enters into the ledgers what it is told.
 *
 * <p>Threading: a thread of its own sends; the ledgers take care of themselves.
 */
final class PacedWriter {

    private static final int VALUE_BYTES = 100;
    private static final long MOST_BEHIND_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final String OTHER_SETTINGS = System.getProperty("varve.writer", "");

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;
    private final List<Ledger> ledgers;
    private final long intervalNs;
    private final Thread thread;
    private final List<Double> latenciesMs = new ArrayList<>();
    private volatile boolean sending = true;

    /**
     * Begins at once.
     *
     * @param ledgers of the partitions, by their number
     * @param config what differs from an idempotent producer that never gives up
     */
    PacedWriter(String bootstrap, String topic, List<Ledger> ledgers, int perSecond, Map<String, Object> config) {
        this.topic = topic;
        this.ledgers = ledgers;
        this.intervalNs = TimeUnit.SECONDS.toNanos(1) / perSecond;
        Map<String, Object> all = new HashMap<>(Map.of(
                "bootstrap.servers",
                bootstrap,
                "acks",
                "all",
                "enable.idempotence",
                true,
                "delivery.timeout.ms",
                300_000,
                "max.block.ms",
                300_000,
                "reconnect.backoff.max.ms",
                100));
        all.putAll(config);
        for (String setting : OTHER_SETTINGS.isEmpty() ? new String[0] : OTHER_SETTINGS.split(",", -1)) {
            all.put(setting.replaceFirst("=.*", ""), setting.replaceFirst("[^=]*=", ""));
        }
        this.producer = new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
        this.thread = new Thread(this::send, "writer-" + topic);
        thread.start();
    }

    private void send() {
        long dueNs = System.nanoTime();
        for (int partition = 0; sending; partition = (partition + 1) % ledgers.size()) {
            send(partition, ledgers.get(partition));
            // Who has been held up sends no more at a time for it.
            dueNs = Math.max(dueNs + intervalNs, System.nanoTime() - MOST_BEHIND_NS);
            LockSupport.parkNanos(dueNs - System.nanoTime());
        }
    }

    private void send(int partition, Ledger ledger) {
        long sequence = ledger.send();
        byte[] value = ByteBuffer.allocate(VALUE_BYTES).putLong(sequence).array();
        long sentNs = System.nanoTime();
        producer.send(new ProducerRecord<>(topic, partition, null, value), (metadata, failure) -> {
            if (failure == null) {
                long nowNs = System.nanoTime();
                note((nowNs - sentNs) / 1e6);
                ledger.acknowledge(sequence, metadata.hasOffset() ? metadata.offset() : -1, nowNs);
            } else {
                ledger.fail(sequence, failure);
            }
        });
    }

    private synchronized void note(double latencyMs) {
        latenciesMs.add(latencyMs);
    }

    /** How long each acknowledgement took since this was asked last, in milliseconds. */
    synchronized List<Double> takeLatenciesMs() {
        List<Double> taken = List.copyOf(latenciesMs);
        latenciesMs.clear();
        return taken;
    }

    /** Sends no more, and returns when each record is acknowledged or given up. */
    void stop() throws InterruptedException {
        sending = false;
        thread.join();
        producer.close();
    }

    /** Sends no more, and gives up what is not acknowledged yet. */
    void abort() throws InterruptedException {
        sending = false;
        producer.close(Duration.ZERO);
        thread.join();
    }
}
