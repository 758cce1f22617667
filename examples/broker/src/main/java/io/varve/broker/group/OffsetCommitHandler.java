// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.OffsetCommitRequest;
import io.varve.kafka.message.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.varve.kafka.message.OffsetCommitRequest.OffsetCommitRequestTopic;
import io.varve.kafka.message.OffsetCommitResponse;
import io.varve.kafka.message.OffsetCommitResponse.OffsetCommitResponsePartition;
import io.varve.kafka.message.OffsetCommitResponse.OffsetCommitResponseTopic;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Remembers how far a group has come.
 *
 * <p>Threading: safe.
 */
final class OffsetCommitHandler implements ApiHandler<OffsetCommitRequest, OffsetCommitResponse> {

    private static final short TOPIC_IDS_SINCE = 10;

    /** From this version on clients know groups of KIP-848, and are told of a group that does not exist. */
    private static final short EPOCHS_SINCE = 9;

    private final GroupCoordinator coordinator;
    private final ImageFollower follower;

    OffsetCommitHandler(GroupCoordinator coordinator, ImageFollower follower) {
        this.coordinator = coordinator;
        this.follower = follower;
    }

    @Override
    public ApiKey api() {
        return ApiKey.OFFSET_COMMIT;
    }

    @Override
    public void handle(RequestContext context, OffsetCommitRequest request, Reply<OffsetCommitResponse> reply) {
        ClusterImage image = follower.image();
        long nowMs = System.currentTimeMillis();
        long expireMs =
                request.retentionTimeMs() < 0 ? CommittedOffset.AS_CONFIGURED : nowMs + request.retentionTimeMs();
        boolean byId = context.version() >= TOPIC_IDS_SINCE;
        Map<TopicPartition, CommittedOffset> offsets = new LinkedHashMap<>();
        for (OffsetCommitRequestTopic topic : request.topics()) {
            TopicImage known = known(topic, byId, image);
            for (OffsetCommitRequestPartition partition : topic.partitions()) {
                if (known != null
                        && partition.partitionIndex() >= 0
                        && partition.partitionIndex() < known.partitions().size()) {
                    String metadata = partition.committedMetadata() == null ? "" : partition.committedMetadata();
                    offsets.put(
                            new TopicPartition(known.name(), partition.partitionIndex()),
                            new CommittedOffset(
                                    partition.committedOffset(),
                                    partition.committedLeaderEpoch(),
                                    metadata,
                                    nowMs,
                                    expireMs));
                }
            }
        }
        coordinator
                .submit(
                        request.groupId(),
                        requestId -> new GroupCommand.Commit(
                                requestId,
                                request.groupId(),
                                new GroupCommand.Identity(request.memberId(), request.groupInstanceId()),
                                request.generationIdOrMemberEpoch(),
                                offsets))
                .whenComplete((answer, failure) -> {
                    ErrorCode all = failure == null ? ErrorCode.NONE : ErrorMapping.of(failure);
                    Map<TopicPartition, ErrorCode> errors =
                            failure == null ? ((GroupAnswer.ByPartition) answer).errors() : Map.of();
                    ErrorCode unknown = byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
                    reply.send(response(
                            request,
                            topic -> known(topic, byId, image),
                            (topic, partition) -> all != ErrorCode.NONE
                                    ? all
                                    : topic == null
                                            ? unknown
                                            : named(
                                                    context,
                                                    errors.getOrDefault(
                                                            new TopicPartition(topic.name(), partition),
                                                            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION))));
                });
    }

    private static ErrorCode named(RequestContext context, ErrorCode error) {
        if (context.version() >= EPOCHS_SINCE) {
            return error;
        }
        return switch (error) {
            case GROUP_ID_NOT_FOUND -> ErrorCode.ILLEGAL_GENERATION;
            case STALE_MEMBER_EPOCH -> ErrorCode.UNSUPPORTED_VERSION;
            default -> error;
        };
    }

    private static @Nullable TopicImage known(OffsetCommitRequestTopic topic, boolean byId, ClusterImage image) {
        return byId ? image.topic(topic.topicId()) : image.topic(topic.name());
    }

    private interface Errors {
        ErrorCode of(@Nullable TopicImage topic, int partition);
    }

    private static OffsetCommitResponse response(
            OffsetCommitRequest request,
            Function<OffsetCommitRequestTopic, @Nullable TopicImage> known,
            Errors errors) {
        return new OffsetCommitResponse()
                .topics(request.topics().stream()
                        .map(topic -> new OffsetCommitResponseTopic()
                                .name(topic.name())
                                .topicId(topic.topicId())
                                .partitions(topic.partitions().stream()
                                        .map(partition -> new OffsetCommitResponsePartition()
                                                .partitionIndex(partition.partitionIndex())
                                                .errorCode(errors.of(known.apply(topic), partition.partitionIndex())
                                                        .code()))
                                        .toList()))
                        .toList());
    }
}
