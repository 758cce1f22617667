// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.data.FetchHandler.Wanted;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.FetchStatuses;
import io.varve.kafka.RecordBytes;
import io.varve.kafka.message.FetchResponse.PartitionData;
import io.varve.log.LogSlice;
import io.varve.replication.partition.EpochEnd;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * What one partition gave to a fetch.
 *
 * @param data what is answered, but for the records
 * @param slice the records; null when there is an error
 */
record FetchResult(Wanted wanted, PartitionData data, @Nullable LogSlice slice) {

    private static PartitionData data(Wanted wanted) {
        return new PartitionData().partitionIndex(wanted.key().index()).abortedTransactions(null);
    }

    static FetchResult error(Wanted wanted, ErrorCode error) {
        PartitionData data = data(wanted).errorCode(error.code()).highWatermark(-1);
        return new FetchResult(wanted, data.records(RecordBytes.of(ByteBuffer.allocate(0))), null);
    }

    /** The log of who asks differs from this one, and this one's epoch ends there. */
    static FetchResult diverging(Wanted wanted, EpochEnd end, long highWatermark) {
        PartitionData data = data(wanted)
                .highWatermark(highWatermark)
                .lastStableOffset(highWatermark)
                .divergingEpoch(FetchStatuses.diverging(end));
        return new FetchResult(wanted, data.records(RecordBytes.of(ByteBuffer.allocate(0))), null);
    }

    /** Another replica is nearer. */
    static FetchResult elsewhere(Wanted wanted, int replica, long highWatermark, long startOffset) {
        PartitionData data = data(wanted)
                .highWatermark(highWatermark)
                .lastStableOffset(highWatermark)
                .logStartOffset(startOffset)
                .preferredReadReplica(replica);
        return new FetchResult(wanted, data.records(RecordBytes.of(ByteBuffer.allocate(0))), null);
    }

    /** The follower lacks what is deleted here, or has what never was: it is told where to begin. */
    static FetchResult outOfRange(Wanted wanted, long highWatermark, long startOffset) {
        PartitionData data = data(wanted)
                .errorCode(ErrorCode.OFFSET_OUT_OF_RANGE.code())
                .highWatermark(highWatermark)
                .logStartOffset(startOffset);
        return new FetchResult(wanted, data.records(RecordBytes.of(ByteBuffer.allocate(0))), null);
    }

    static FetchResult records(Wanted wanted, long highWatermark, long startOffset, LogSlice slice) {
        PartitionData data = data(wanted)
                .highWatermark(highWatermark)
                .lastStableOffset(highWatermark)
                .logStartOffset(startOffset);
        return new FetchResult(wanted, data, slice);
    }

    /** Whether waiting would not better it. */
    boolean isFinal() {
        return slice == null;
    }

    int sizeBytes() {
        return slice == null ? 0 : slice.sizeBytes();
    }

    /** The answer with its records: the range of the file, or the bytes when the storage has no file. */
    PartitionData complete() {
        return slice == null ? data : data.records(bytes(slice));
    }

    private static RecordBytes bytes(LogSlice slice) {
        if (slice.sizeBytes() == 0) {
            slice.close();
            return RecordBytes.of(ByteBuffer.allocate(0));
        }
        FileChannel channel = slice.channel();
        if (channel != null) {
            return new RecordBytes.InFile(channel, slice.position(), slice.sizeBytes(), slice::close);
        }
        try (slice) {
            return RecordBytes.of(slice.read());
        }
    }

    /** Gives back what it holds without having been completed. */
    void drop() {
        if (slice != null) {
            slice.close();
        }
    }
}
