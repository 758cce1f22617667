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
import io.varve.kafka.message.OffsetDeleteRequest;
import io.varve.kafka.message.OffsetDeleteResponse;
import io.varve.kafka.message.OffsetDeleteResponse.OffsetDeleteResponsePartition;
import io.varve.kafka.message.OffsetDeleteResponse.OffsetDeleteResponseTopic;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Forgets how far a group has come in topics that it does not read any more (KIP-496).
 *
 * <p>Threading: safe.
 */
final class OffsetDeleteHandler implements ApiHandler<OffsetDeleteRequest, OffsetDeleteResponse> {

    private final GroupCoordinator coordinator;
    private final ImageFollower follower;

    OffsetDeleteHandler(GroupCoordinator coordinator, ImageFollower follower) {
        this.coordinator = coordinator;
        this.follower = follower;
    }

    @Override
    public ApiKey api() {
        return ApiKey.OFFSET_DELETE;
    }

    @Override
    public void handle(RequestContext context, OffsetDeleteRequest request, Reply<OffsetDeleteResponse> reply) {
        ClusterImage image = follower.image();
        List<TopicPartition> partitions = new ArrayList<>();
        request.topics().forEach(topic -> topic.partitions().forEach(partition -> {
            if (exists(topic.name(), partition.partitionIndex(), image)) {
                partitions.add(new TopicPartition(topic.name(), partition.partitionIndex()));
            }
        }));
        coordinator
                .submit(
                        request.groupId(),
                        requestId -> new GroupCommand.DeleteOffsets(requestId, request.groupId(), partitions))
                .whenComplete((answer, failure) -> {
                    if (failure != null) {
                        reply.send(new OffsetDeleteResponse()
                                .errorCode(ErrorMapping.of(failure).code()));
                        return;
                    }
                    GroupAnswer.ByPartition outcome = (GroupAnswer.ByPartition) answer;
                    reply.send(
                            outcome.error() == ErrorCode.NONE
                                    ? response(request, outcome.errors())
                                    : new OffsetDeleteResponse()
                                            .errorCode(outcome.error().code()));
                });
    }

    private static boolean exists(String name, int index, ClusterImage image) {
        TopicImage topic = image.topic(name);
        return topic != null && index >= 0 && index < topic.partitions().size();
    }

    private static OffsetDeleteResponse response(OffsetDeleteRequest request, Map<TopicPartition, ErrorCode> errors) {
        return new OffsetDeleteResponse()
                .topics(request.topics().stream()
                        .map(topic -> new OffsetDeleteResponseTopic()
                                .name(topic.name())
                                .partitions(topic.partitions().stream()
                                        .map(partition -> new OffsetDeleteResponsePartition()
                                                .partitionIndex(partition.partitionIndex())
                                                .errorCode(errors.getOrDefault(
                                                                new TopicPartition(
                                                                        topic.name(), partition.partitionIndex()),
                                                                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
                                                        .code()))
                                        .toList()))
                        .toList());
    }
}
