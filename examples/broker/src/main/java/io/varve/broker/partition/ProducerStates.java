// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.broker.partition.AppendRefusedException.Reason;
import io.varve.log.batch.BatchDescriptor;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The idempotent producers of one partition: for each the epoch and the last five batches. A batch that is among them is a retry, one
 * that follows the last is new, anything else is refused. Source: KIP-98; five is what a client has in flight at most (KAFKA-5494).
 *
 * <p>Threading: confined to the partition's lane, except where it says otherwise.
 */
final class ProducerStates {

    private static final int WINDOW_BATCHES = 5;
    private static final int SNAPSHOT_VERSION = 1;

    private final Map<Long, Producer> producers = new ConcurrentHashMap<>();

    /** One batch of a producer. */
    private record Appended(int baseSequence, int lastSequence, long baseOffset) {}

    private static final class Producer {
        private short epoch;
        private long lastTimestampMs;
        private volatile long lastOffset = -1;
        private final Deque<Appended> window = new ArrayDeque<>(WINDOW_BATCHES);

        Producer(short epoch) {
            this.epoch = epoch;
        }
    }

    /**
     * Decides about a batch without changing anything.
     *
     * @return the base offset of the batch that this one repeats, -1 when it is new
     * @throws AppendRefusedException when it is neither
     */
    long check(ByteBuffer batch, int at) {
        long producerId = BatchDescriptor.producerId(batch, at);
        short epoch = BatchDescriptor.producerEpoch(batch, at);
        int baseSequence = BatchDescriptor.baseSequence(batch, at);
        int lastSequence = lastSequence(baseSequence, BatchDescriptor.lastOffsetDelta(batch, at));
        Producer producer = producers.get(producerId);
        if (producer == null) {
            requireFirst(producerId, epoch, baseSequence, Reason.UNKNOWN_PRODUCER);
            return -1;
        }
        if (epoch < producer.epoch) {
            throw new AppendRefusedException(
                    Reason.PRODUCER_FENCED,
                    "producer fenced: producerId=" + producerId + ", epoch=" + epoch + ", current=" + producer.epoch);
        }
        if (epoch > producer.epoch) {
            requireFirst(producerId, epoch, baseSequence, Reason.OUT_OF_ORDER_SEQUENCE);
            return -1;
        }
        for (Appended appended : producer.window) {
            if (appended.baseSequence() == baseSequence && appended.lastSequence() == lastSequence) {
                return appended.baseOffset();
            }
        }
        Appended last = producer.window.peekLast();
        int expected = last == null ? 0 : next(last.lastSequence());
        if (baseSequence != expected) {
            throw new AppendRefusedException(
                    Reason.OUT_OF_ORDER_SEQUENCE,
                    "sequence out of order: producerId=" + producerId + ", epoch=" + epoch + ", sequence="
                            + baseSequence + ", expected=" + expected);
        }
        return -1;
    }

    /** A producer of which nothing is known may only begin: otherwise a batch before this one was lost or has expired. */
    private static void requireFirst(long producerId, short epoch, int baseSequence, Reason otherwise) {
        if (baseSequence != 0) {
            throw new AppendRefusedException(
                    otherwise,
                    "a producer must begin with sequence 0: producerId=" + producerId + ", epoch=" + epoch
                            + ", sequence=" + baseSequence);
        }
    }

    /** Sequences go from the largest int back to 0. */
    private static int next(int sequence) {
        return sequence == Integer.MAX_VALUE ? 0 : sequence + 1;
    }

    private static int lastSequence(int baseSequence, int delta) {
        long last = (long) baseSequence + delta;
        return (int) (last > Integer.MAX_VALUE ? last - Integer.MAX_VALUE - 1 : last);
    }

    /** Takes in a batch that was appended. */
    void appended(ByteBuffer batch, int at) {
        short epoch = BatchDescriptor.producerEpoch(batch, at);
        Producer producer = producers.computeIfAbsent(BatchDescriptor.producerId(batch, at), id -> new Producer(epoch));
        if (producer.epoch != epoch) {
            producer.epoch = epoch;
            producer.window.clear();
        }
        if (producer.window.size() == WINDOW_BATCHES) {
            producer.window.removeFirst();
        }
        int baseSequence = BatchDescriptor.baseSequence(batch, at);
        producer.window.addLast(new Appended(
                baseSequence,
                lastSequence(baseSequence, BatchDescriptor.lastOffsetDelta(batch, at)),
                BatchDescriptor.baseOffset(batch, at)));
        producer.lastOffset = BatchDescriptor.lastOffset(batch, at);
        producer.lastTimestampMs = Math.max(producer.lastTimestampMs, BatchDescriptor.maxTimestampMs(batch, at));
    }

    /** Whether a batch that ends at an offset is the last of a producer that is known; any thread may ask. */
    boolean isLast(long producerId, long lastOffset) {
        Producer producer = producers.get(producerId);
        return producer != null && producer.lastOffset == lastOffset;
    }

    /** Forgets the producers that have been silent for longer than allowed. */
    void expire(long nowMs, long expirationMs) {
        producers.values().removeIf(producer -> nowMs - producer.lastTimestampMs > expirationMs);
    }

    int size() {
        return producers.size();
    }

    /**
     * All of the state as bytes.
     *
     * <pre>
     *   version 1 (4) | CRC-32C of what follows (4) | end offset (8) | producer count (4) | producers
     *   producer:  id (8) | epoch (2) | last timestamp ms (8) | batch count (1) | batches
     *   batch:     base sequence (4) | last sequence (4) | base offset (8)
     * </pre>
     */
    ByteBuffer snapshot(long endOffset) {
        int bytes = 20;
        for (Producer producer : producers.values()) {
            bytes += 19 + 16 * producer.window.size();
        }
        ByteBuffer out = ByteBuffer.allocate(bytes);
        out.putInt(SNAPSHOT_VERSION).putInt(0).putLong(endOffset).putInt(producers.size());
        producers.forEach((id, producer) -> {
            out.putLong(id).putShort(producer.epoch).putLong(producer.lastTimestampMs);
            out.put((byte) producer.window.size());
            for (Appended appended : producer.window) {
                out.putInt(appended.baseSequence())
                        .putInt(appended.lastSequence())
                        .putLong(appended.baseOffset());
            }
        });
        out.flip();
        out.putInt(4, crc(out));
        return out;
    }

    private static int crc(ByteBuffer snapshot) {
        CRC32C crc = new CRC32C();
        crc.update(snapshot.duplicate().position(8));
        return (int) crc.getValue();
    }

    /** What a snapshot gave back. */
    record Restored(ProducerStates states, long endOffset) {}

    /** The state from a snapshot, null when the bytes are none: then the log tells. */
    static @Nullable Restored restore(ByteBuffer in) {
        if (in.remaining() < 20 || in.getInt(0) != SNAPSHOT_VERSION || in.getInt(4) != crc(in)) {
            return null;
        }
        ProducerStates states = new ProducerStates();
        long endOffset = in.getLong(8);
        int count = in.getInt(16);
        in.position(20);
        for (int i = 0; i < count; i++) {
            long id = in.getLong();
            Producer producer = new Producer(in.getShort());
            producer.lastTimestampMs = in.getLong();
            for (int batches = in.get(); batches > 0; batches--) {
                Appended appended = new Appended(in.getInt(), in.getInt(), in.getLong());
                producer.window.addLast(appended);
                // Sequences wrap, and so does the difference.
                int delta = (appended.lastSequence() - appended.baseSequence()) & Integer.MAX_VALUE;
                producer.lastOffset = appended.baseOffset() + delta;
            }
            states.producers.put(id, producer);
        }
        return new Restored(states, endOffset);
    }
}
