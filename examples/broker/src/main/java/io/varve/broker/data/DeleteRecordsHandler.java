// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Partitions;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Gather;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.DeleteRecordsRequest;
import io.varve.kafka.message.DeleteRecordsRequest.DeleteRecordsPartition;
import io.varve.kafka.message.DeleteRecordsRequest.DeleteRecordsTopic;
import io.varve.kafka.message.DeleteRecordsResponse;
import io.varve.kafka.message.DeleteRecordsResponse.DeleteRecordsPartitionResult;
import io.varve.kafka.message.DeleteRecordsResponse.DeleteRecordsTopicResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Moves the start of logs (KIP-107).
 *
 * <p>Threading: safe.
 */
public final class DeleteRecordsHandler implements ApiHandler<DeleteRecordsRequest, DeleteRecordsResponse> {

    /** Stands for the high watermark: everything. */
    private static final long ALL = -1;

    private final Partitions partitions;

    public DeleteRecordsHandler(Partitions partitions) {
        this.partitions = partitions;
    }

    @Override
    public ApiKey api() {
        return ApiKey.DELETE_RECORDS;
    }

    @Override
    public void handle(RequestContext context, DeleteRecordsRequest request, Reply<DeleteRecordsResponse> reply) {
        List<CompletableFuture<DeleteRecordsTopicResult>> topics = new ArrayList<>();
        for (DeleteRecordsTopic topic : request.topics()) {
            List<CompletableFuture<DeleteRecordsPartitionResult>> parts = new ArrayList<>();
            topic.partitions().forEach(wanted -> parts.add(delete(topic.name(), wanted)));
            CompletableFuture<DeleteRecordsTopicResult> whole = new CompletableFuture<>();
            Gather.all(
                    parts,
                    results -> whole.complete(
                            new DeleteRecordsTopicResult().name(topic.name()).partitions(results)));
            topics.add(whole);
        }
        Gather.all(topics, all -> reply.send(new DeleteRecordsResponse().topics(all)));
    }

    private CompletableFuture<DeleteRecordsPartitionResult> delete(String topic, DeleteRecordsPartition wanted) {
        DeleteRecordsPartitionResult result = new DeleteRecordsPartitionResult()
                .partitionIndex(wanted.partitionIndex())
                .lowWatermark(-1);
        Partition partition = partitions.find(topic, wanted.partitionIndex());
        if (partition == null) {
            return CompletableFuture.completedFuture(result.errorCode(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code()));
        }
        CompletableFuture<DeleteRecordsPartitionResult> done = new CompletableFuture<>();
        partition.lane().execute(() -> done.complete(delete(partition, wanted.offset(), result)));
        return done;
    }

    private static DeleteRecordsPartitionResult delete(
            Partition partition, long offset, DeleteRecordsPartitionResult result) {
        long before = offset == ALL ? partition.highWatermark() : offset;
        if (before < 0 || before > partition.highWatermark()) {
            return result.errorCode(ErrorCode.OFFSET_OUT_OF_RANGE.code());
        }
        try {
            partition.deleteBefore(before);
            return result.lowWatermark(partition.log().startOffset());
        } catch (RuntimeException e) {
            return result.errorCode(ErrorMapping.of(e).code());
        }
    }
}
