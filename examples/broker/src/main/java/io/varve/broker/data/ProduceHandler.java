// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.AppendRefusedException;
import io.varve.broker.partition.CommitListener;
import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Partitions;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Gather;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.RecordBytes;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.ProduceRequest;
import io.varve.kafka.message.ProduceRequest.PartitionProduceData;
import io.varve.kafka.message.ProduceRequest.TopicProduceData;
import io.varve.kafka.message.ProduceResponse;
import io.varve.kafka.message.ProduceResponse.PartitionProduceResponse;
import io.varve.kafka.message.ProduceResponse.TopicProduceResponse;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends what producers send, each batch on the lane of its partition, and answers when all are appended, or committed where
 * the producer waits for that.
 *
 * <p>Threading: safe.
 */
public final class ProduceHandler implements ApiHandler<ProduceRequest, ProduceResponse> {

    private static final Logger LOG = LoggerFactory.getLogger(ProduceHandler.class);

    /** From this version on topics are named by their ids (KIP-516). */
    private static final short TOPIC_IDS_SINCE = 13;

    /** Clients look for version 0 in the list to learn that a broker produces at all; older formats are not served. */
    private static final short OLDEST_ADVERTISED = 0;

    /** The acks of a producer that waits for all replicas in sync. */
    private static final short ALL_REPLICAS = -1;

    private final Partitions partitions;
    private final ImageFollower follower;
    private final LeaderHints hints;

    public ProduceHandler(Partitions partitions, ImageFollower follower) {
        this.hints = new LeaderHints(follower);
        this.partitions = partitions;
        this.follower = follower;
    }

    @Override
    public ApiKey api() {
        return ApiKey.PRODUCE;
    }

    @Override
    public short oldestVersion() {
        return OLDEST_ADVERTISED;
    }

    @Override
    public void handle(RequestContext context, ProduceRequest request, Reply<ProduceResponse> reply) {
        if (request.acks() < -1 || request.acks() > 1) {
            reply.send(refuse(request, ErrorCode.INVALID_REQUIRED_ACKS));
            return;
        }
        if (request.transactionalId() != null) {
            reply.send(refuse(request, ErrorCode.INVALID_TXN_STATE));
            return;
        }
        List<CompletableFuture<TopicProduceResponse>> topics = new ArrayList<>();
        for (TopicProduceData topic : request.topicData()) {
            topics.add(append(context, new Acks(request.acks() == ALL_REPLICAS, request.timeoutMs()), topic));
        }
        Gather.all(topics, responses -> {
            if (request.acks() != 0) {
                ProduceResponse response = new ProduceResponse().responses(responses);
                hints.addTo(response, context);
                reply.send(response);
            } else if (hasError(responses)) {
                // The producer does not wait for an answer: a closed connection is how it learns to ask for metadata.
                reply.disconnect("a produce with acks=0 failed");
            } else {
                reply.sendNothing();
            }
        });
    }

    /** What a producer waits for, and how long, milliseconds. */
    private record Acks(boolean all, int timeoutMs) {}

    private static boolean hasError(List<TopicProduceResponse> responses) {
        return responses.stream()
                .flatMap(topic -> topic.partitionResponses().stream())
                .anyMatch(partition -> partition.errorCode() != ErrorCode.NONE.code());
    }

    private CompletableFuture<TopicProduceResponse> append(RequestContext context, Acks acks, TopicProduceData topic) {
        ClusterImage image = follower.image();
        boolean byId = context.version() >= TOPIC_IDS_SINCE;
        TopicImage found = byId ? image.topic(topic.topicId()) : image.topic(topic.name());
        List<CompletableFuture<PartitionProduceResponse>> parts = new ArrayList<>();
        for (PartitionProduceData data : topic.partitionData()) {
            parts.add(append(found, byId, acks, data));
        }
        CompletableFuture<TopicProduceResponse> whole = new CompletableFuture<>();
        Gather.all(
                parts,
                responses -> whole.complete(new TopicProduceResponse()
                        .name(topic.name())
                        .topicId(topic.topicId())
                        .partitionResponses(responses)));
        return whole;
    }

    private CompletableFuture<PartitionProduceResponse> append(
            @Nullable TopicImage topic, boolean byId, Acks acks, PartitionProduceData data) {
        if (topic == null) {
            return completed(data, byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        }
        Partition partition = partitions.find(topic.name(), data.index());
        if (partition == null) {
            boolean exists =
                    data.index() >= 0 && data.index() < topic.partitions().size();
            return completed(data, exists ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        }
        if (!(data.records() instanceof RecordBytes.InMemory records)) {
            return completed(data, ErrorCode.INVALID_RECORD);
        }
        CompletableFuture<PartitionProduceResponse> response = new CompletableFuture<>();
        partition.lane().execute(() -> append(partition, data.index(), acks, records.buffer(), response));
        return response;
    }

    private static void append(
            Partition partition,
            int index,
            Acks acks,
            ByteBuffer records,
            CompletableFuture<PartitionProduceResponse> response) {
        try {
            Commit commit = new Commit();
            Partition.Appended appended = partition.append(records, acks.timeoutMs(), acks.all() ? commit : null);
            PartitionProduceResponse success = new PartitionProduceResponse()
                    .index(index)
                    .baseOffset(appended.baseOffset())
                    .logAppendTimeMs(appended.appendTimeMs())
                    .logStartOffset(partition.log().startOffset());
            if (!acks.all()) {
                response.complete(success);
            } else {
                commit.whenComplete((nothing, failure) ->
                        response.complete(failure == null ? success : refused(partition, index, failure)));
            }
        } catch (RuntimeException e) {
            response.complete(refused(partition, index, e));
        }
    }

    /** Completes when records are committed, or will perhaps not be. */
    private static final class Commit extends CompletableFuture<Void> implements CommitListener {

        @Override
        public void onCommitted() {
            complete(null);
        }

        @Override
        public void onFailed(AppendRefusedException reason) {
            completeExceptionally(reason);
        }
    }

    private static PartitionProduceResponse refused(Partition partition, int index, Throwable failure) {
        ErrorCode error = ErrorMapping.of(failure);
        LOG.info("Append refused: partition={}, error={}, reason={}", partition, error, failure.getMessage());
        if (error == ErrorCode.UNKNOWN_SERVER_ERROR || error == ErrorCode.KAFKA_STORAGE_ERROR) {
            LOG.error("Append failed: partition={}", partition, failure);
        }
        return error(index, error).errorMessage(failure.getMessage());
    }

    private static CompletableFuture<PartitionProduceResponse> completed(PartitionProduceData data, ErrorCode error) {
        return CompletableFuture.completedFuture(error(data.index(), error));
    }

    private static PartitionProduceResponse error(int index, ErrorCode error) {
        return new PartitionProduceResponse()
                .index(index)
                .errorCode(error.code())
                .baseOffset(-1);
    }

    private static ProduceResponse refuse(ProduceRequest request, ErrorCode error) {
        Function<TopicProduceData, TopicProduceResponse> refused = topic -> new TopicProduceResponse()
                .name(topic.name())
                .topicId(topic.topicId())
                .partitionResponses(topic.partitionData().stream()
                        .map(data -> error(data.index(), error))
                        .toList());
        return new ProduceResponse()
                .responses(request.topicData().stream().map(refused).toList());
    }
}
