// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.DescribeTopicPartitionsRequest;
import io.varve.kafka.message.DescribeTopicPartitionsResponse;
import io.varve.kafka.message.DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition;
import io.varve.kafka.message.DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Describes partitions page by page (KIP-966): topics in the order of their names, from the cursor on, as many partitions as fit.
 *
 * <p>Threading: safe.
 */
public final class DescribeTopicPartitionsHandler
        implements ApiHandler<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse> {

    private static final int MOST_PARTITIONS = 2000;

    private final ImageFollower follower;

    public DescribeTopicPartitionsHandler(ImageFollower follower) {
        this.follower = follower;
    }

    @Override
    public ApiKey api() {
        return ApiKey.DESCRIBE_TOPIC_PARTITIONS;
    }

    @Override
    public void handle(
            RequestContext context,
            DescribeTopicPartitionsRequest request,
            Reply<DescribeTopicPartitionsResponse> reply) {
        ClusterImage image = follower.image();
        DescribeTopicPartitionsRequest.Cursor cursor = request.cursor();
        String fromTopic = cursor == null ? "" : cursor.topicName();
        int fromPartition = cursor == null ? 0 : Math.max(0, cursor.partitionIndex());
        int left = Math.max(1, Math.min(request.responsePartitionLimit(), MOST_PARTITIONS));
        DescribeTopicPartitionsResponse response = new DescribeTopicPartitionsResponse();
        List<DescribeTopicPartitionsResponseTopic> described = new ArrayList<>();
        for (String name : names(request, image)) {
            if (name.compareTo(fromTopic) < 0) {
                continue;
            }
            TopicImage topic = image.topic(name);
            if (topic == null) {
                described.add(new DescribeTopicPartitionsResponseTopic()
                        .name(name)
                        .errorCode(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code()));
                continue;
            }
            int first = name.equals(fromTopic)
                    ? Math.min(fromPartition, topic.partitions().size())
                    : 0;
            if (left == 0) {
                response.nextCursor(new DescribeTopicPartitionsResponse.Cursor()
                        .topicName(name)
                        .partitionIndex(first));
                break;
            }
            int end = (int) Math.min(topic.partitions().size(), (long) first + left);
            left -= end - first;
            described.add(describe(topic, first, end, replica -> image.isReached(replica, context.listener())));
            if (end < topic.partitions().size()) {
                response.nextCursor(new DescribeTopicPartitionsResponse.Cursor()
                        .topicName(name)
                        .partitionIndex(end));
                break;
            }
        }
        reply.send(response.topics(described));
    }

    private static List<String> names(DescribeTopicPartitionsRequest request, ClusterImage image) {
        if (request.topics().isEmpty()) {
            return image.topics().stream().map(TopicImage::name).toList();
        }
        return request.topics().stream()
                .map(DescribeTopicPartitionsRequest.TopicRequest::name)
                .distinct()
                .sorted()
                .toList();
    }

    private static List<Integer> lastKnown(PartitionImage partition) {
        int leader = partition.state().successors().lastKnownLeader();
        return leader == ClusterImage.NOBODY ? List.of() : List.of(leader);
    }

    private static DescribeTopicPartitionsResponseTopic describe(
            TopicImage topic, int first, int end, IntPredicate isReached) {
        List<DescribeTopicPartitionsResponsePartition> partitions = new ArrayList<>();
        for (PartitionImage partition : topic.partitions().subList(first, end)) {
            boolean led = isReached.test(partition.leader());
            partitions.add(new DescribeTopicPartitionsResponsePartition()
                    .errorCode((led ? ErrorCode.NONE : ErrorCode.LEADER_NOT_AVAILABLE).code())
                    .partitionIndex(partition.index())
                    .leaderId(led ? partition.leader() : -1)
                    .leaderEpoch(partition.leaderEpoch())
                    .replicaNodes(partition.replicas())
                    .isrNodes(partition.isr())
                    .eligibleLeaderReplicas(partition.eligible())
                    .lastKnownElr(lastKnown(partition))
                    .offlineReplicas(partition.replicas().stream()
                            .filter(replica -> !isReached.test(replica))
                            .toList()));
        }
        return new DescribeTopicPartitionsResponseTopic()
                .name(topic.name())
                .topicId(topic.id())
                .isInternal(topic.isInternal())
                .partitions(partitions);
    }
}
