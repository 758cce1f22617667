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
import io.varve.kafka.message.ListOffsetsRequest;
import io.varve.kafka.message.ListOffsetsRequest.ListOffsetsPartition;
import io.varve.kafka.message.ListOffsetsRequest.ListOffsetsTopic;
import io.varve.kafka.message.ListOffsetsResponse;
import io.varve.kafka.message.ListOffsetsResponse.ListOffsetsPartitionResponse;
import io.varve.kafka.message.ListOffsetsResponse.ListOffsetsTopicResponse;
import io.varve.log.CommitLog;
import io.varve.log.TimestampedOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * Finds offsets: the first, the next, the one with the largest timestamp, the first at or after a time.
 *
 * <p>Threading: safe.
 */
public final class ListOffsetsHandler implements ApiHandler<ListOffsetsRequest, ListOffsetsResponse> {

    /** From this version on answers hold the leader epoch (KIP-320). */
    private static final short LEADER_EPOCH_SINCE = 4;

    private static final int NO_EPOCH = -1;
    private static final long LATEST = -1;
    private static final long EARLIEST = -2;
    private static final long MAX_TIMESTAMP = -3;
    private static final long EARLIEST_LOCAL = -4;
    private static final long LATEST_TIERED = -5;
    private static final long EARLIEST_PENDING_UPLOAD = -6;

    private final Partitions partitions;

    public ListOffsetsHandler(Partitions partitions) {
        this.partitions = partitions;
    }

    @Override
    public ApiKey api() {
        return ApiKey.LIST_OFFSETS;
    }

    @Override
    public void handle(RequestContext context, ListOffsetsRequest request, Reply<ListOffsetsResponse> reply) {
        List<CompletableFuture<ListOffsetsTopicResponse>> topics = new ArrayList<>();
        for (ListOffsetsTopic topic : request.topics()) {
            List<CompletableFuture<ListOffsetsPartitionResponse>> parts = new ArrayList<>();
            topic.partitions().forEach(wanted -> parts.add(find(topic.name(), wanted)));
            CompletableFuture<ListOffsetsTopicResponse> whole = new CompletableFuture<>();
            Gather.all(
                    parts,
                    found -> whole.complete(
                            new ListOffsetsTopicResponse().name(topic.name()).partitions(found)));
            topics.add(whole);
        }
        Gather.all(topics, all -> {
            if (context.version() < LEADER_EPOCH_SINCE) {
                all.forEach(topic -> topic.partitions().forEach(partition -> partition.leaderEpoch(NO_EPOCH)));
            }
            reply.send(new ListOffsetsResponse().topics(all));
        });
    }

    private CompletableFuture<ListOffsetsPartitionResponse> find(String topic, ListOffsetsPartition wanted) {
        ListOffsetsPartitionResponse response =
                new ListOffsetsPartitionResponse().partitionIndex(wanted.partitionIndex());
        Partition partition = partitions.find(topic, wanted.partitionIndex());
        if (partition == null) {
            return CompletableFuture.completedFuture(response.errorCode(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code()));
        }
        CompletableFuture<ListOffsetsPartitionResponse> found = new CompletableFuture<>();
        partition.lane().execute(() -> found.complete(find(partition, wanted, response)));
        return found;
    }

    private static ListOffsetsPartitionResponse find(
            Partition partition, ListOffsetsPartition wanted, ListOffsetsPartitionResponse response) {
        try {
            partition.requireLeader(wanted.currentLeaderEpoch());
            long highWatermark = partition.highWatermark();
            CommitLog log = partition.log();
            long timestamp = wanted.timestamp();
            if (timestamp == LATEST) {
                OptionalLong latest = partition.view().latestOffset();
                return latest.isPresent()
                        ? response.offset(latest.getAsLong()).leaderEpoch(partition.leaderEpoch())
                        : response.errorCode(ErrorCode.OFFSET_NOT_AVAILABLE.code());
            }
            if (timestamp == EARLIEST || timestamp == EARLIEST_LOCAL || timestamp == EARLIEST_PENDING_UPLOAD) {
                return response.offset(log.startOffset()).leaderEpoch(log.epochAt(log.startOffset()));
            }
            if (timestamp == LATEST_TIERED) {
                return response;
            }
            if (timestamp < 0 && timestamp != MAX_TIMESTAMP) {
                return response.errorCode(ErrorCode.INVALID_REQUEST.code());
            }
            Optional<TimestampedOffset> found =
                    timestamp == MAX_TIMESTAMP ? log.maxTimestamp() : log.firstAtOrAfter(timestamp);
            found.filter(record -> record.offset() < highWatermark).ifPresent(record -> response.offset(record.offset())
                    .timestamp(record.timestampMs())
                    .leaderEpoch(record.epoch()));
            return response;
        } catch (RuntimeException e) {
            return response.errorCode(ErrorMapping.of(e).code());
        }
    }
}
