// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.broker.partition.AppendRefusedException.Reason;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.Compression;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.batch.RecordCursor;
import java.nio.ByteBuffer;

/**
 * What a topic asks of the batches that clients send, and the form that it stores them in.
 *
 * <p>Threading: immutable.
 */
final class Intake {

    private final TopicPartition id;
    private final PartitionConfig config;

    Intake(TopicPartition id, PartitionConfig config) {
        this.id = id;
        this.config = config;
    }

    /**
     * Checks a batch.
     *
     * @throws InvalidBatchException when it is not sound
     * @throws AppendRefusedException when the topic does not take it
     */
    void check(ByteBuffer batch, long nowMs) {
        int at = batch.position();
        int sizeBytes =
                BatchDescriptor.check(batch, at, batch.limit(), config.log().maxBatchBytes());
        if (sizeBytes != batch.remaining()) {
            throw new InvalidBatchException(
                    InvalidBatchException.Reason.RECORDS, "more than one batch for a partition: partition=" + id);
        }
        BatchDescriptor.checkConsecutive(batch, at);
        if (BatchDescriptor.isControl(batch, at) || BatchDescriptor.isTransactional(batch, at)) {
            throw new AppendRefusedException(
                    Reason.TRANSACTIONAL, "no transaction has added this partition: partition=" + id);
        }
        checkRecords(batch, at, nowMs);
    }

    private void checkRecords(ByteBuffer batch, int at, long nowMs) {
        RecordCursor.validate(batch);
        long maxTimestampMs = BatchDescriptor.maxTimestampMs(batch, at);
        boolean dated = !config.appendTime() && maxTimestampMs >= 0;
        if (dated
                && (maxTimestampMs - nowMs > config.timestampAfterMaxMs()
                        || nowMs - maxTimestampMs > config.timestampBeforeMaxMs())) {
            throw new AppendRefusedException(
                    Reason.TIMESTAMP, "timestamp out of range: timestampMs=" + maxTimestampMs + ", nowMs=" + nowMs);
        }
        if (config.compacted()) {
            try (RecordCursor records = RecordCursor.over(batch)) {
                while (records.next()) {
                    if (records.key() == null) {
                        throw new AppendRefusedException(
                                Reason.RECORD,
                                "a compacted topic needs keys: partition=" + id + ", record=" + records.offset());
                    }
                }
            }
        }
    }

    /** The batch as it is stored: with the codec that the topic demands, and with the broker's time if it wants that. */
    ByteBuffer stored(ByteBuffer batch, long nowMs) {
        ByteBuffer stored = converted(batch, batch.position());
        if (config.appendTime()) {
            BatchDescriptor.stampAppendTime(stored, stored.position(), nowMs);
        }
        return stored;
    }

    private ByteBuffer converted(ByteBuffer batch, int at) {
        Compression wanted = config.compression();
        if (wanted == null || wanted.id() == BatchDescriptor.compressionId(batch, at)) {
            return batch;
        }
        BatchBuilder builder = new BatchBuilder()
                .compression(wanted)
                .producer(
                        BatchDescriptor.producerId(batch, at),
                        BatchDescriptor.producerEpoch(batch, at),
                        BatchDescriptor.baseSequence(batch, at));
        try (RecordCursor records = RecordCursor.over(batch)) {
            while (records.next()) {
                builder.add(records.timestampMs(), records.key(), records.value(), records.headers());
            }
        }
        return builder.build();
    }

    /** The time that is stamped on records, milliseconds since the epoch; -1 when the producer's stands. */
    long appendTimeMs(long nowMs) {
        return config.appendTime() ? nowMs : -1;
    }
}
