// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import io.varve.broker.replica.Delivery.Outcome;
import io.varve.broker.request.FetchStatuses;
import io.varve.kafka.RecordBytes;
import io.varve.kafka.message.FetchResponse.PartitionData;
import io.varve.log.batch.BatchDescriptor;
import io.varve.replication.partition.EpochEnd;
import io.varve.replication.partition.FetchAnswer;
import io.varve.replication.partition.FetchStatus;
import io.varve.replication.partition.ReplicaFetch;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Makes the answer to a follower's fetch of what a leader says about the partition. Whatever that is, there is an outcome. */
final class PartitionAnswer {

    private PartitionAnswer() {}

    /** What comes of a fetch by a response to it. */
    static Outcome of(ReplicaFetch fetch, PartitionData data) {
        EpochEnd diverging = FetchStatuses.diverging(data);
        FetchStatus status = FetchStatuses.of(data.errorCode());
        if (status == null) {
            return Outcome.failed("the leader could not read: errorCode=" + data.errorCode());
        } else if (status == FetchStatus.OK && diverging != null) {
            return Outcome.answered(answer(fetch, FetchStatus.DIVERGING, data, fetch.offset(), diverging));
        } else if (status == FetchStatus.OK) {
            return records(fetch, data);
        } else if (status == FetchStatus.OFFSET_OUT_OF_RANGE && data.logStartOffset() < 0) {
            return Outcome.failed(
                    "the leader says that the offset is out of range, and not what is: offset=" + fetch.offset());
        }
        return Outcome.answered(answer(fetch, status, data, fetch.offset(), null));
    }

    /** Whole batches; one that was cut at the end, because the response had reached its size, comes again. */
    private static Outcome records(ReplicaFetch fetch, PartitionData data) {
        ByteBuffer records = bytes(data);
        if (data.highWatermark() < 0 || data.logStartOffset() < 0) {
            return Outcome.failed("the leader does not say what is committed: highWatermark=" + data.highWatermark()
                    + ", logStartOffset=" + data.logStartOffset());
        }
        int wholeBytes = 0;
        long endOffset = fetch.offset();
        while (records.remaining() - wholeBytes >= BatchDescriptor.HEADER_BYTES) {
            int sizeBytes = BatchDescriptor.sizeBytes(records, wholeBytes);
            if (sizeBytes < BatchDescriptor.HEADER_BYTES || sizeBytes > records.remaining() - wholeBytes) {
                break;
            }
            endOffset = Math.max(endOffset, BatchDescriptor.lastOffset(records, wholeBytes) + 1);
            wholeBytes += sizeBytes;
        }
        if (wholeBytes == 0 && records.hasRemaining()) {
            return Outcome.failed("not one whole batch has come: bytes=" + records.remaining());
        }
        FetchAnswer answer = answer(fetch, FetchStatus.OK, data, endOffset, null);
        return new Outcome(answer, records.slice(0, wholeBytes), null);
    }

    private static ByteBuffer bytes(PartitionData data) {
        return data.records() instanceof RecordBytes.InMemory memory
                ? memory.buffer().slice()
                : ByteBuffer.allocate(0);
    }

    private static FetchAnswer answer(
            ReplicaFetch fetch, FetchStatus status, PartitionData data, long endOffset, @Nullable EpochEnd diverging) {
        // Who speaks about its log knows no other epoch than the one it was asked in.
        boolean isServed = status == FetchStatus.OK
                || status == FetchStatus.DIVERGING
                || status == FetchStatus.OFFSET_OUT_OF_RANGE;
        int leaderEpoch = isServed ? fetch.leaderEpoch() : data.currentLeader().leaderEpoch();
        return new FetchAnswer(
                fetch.number(),
                fetch.brokerEpoch(),
                status,
                leaderEpoch,
                data.highWatermark(),
                data.logStartOffset(),
                endOffset,
                diverging);
    }
}
