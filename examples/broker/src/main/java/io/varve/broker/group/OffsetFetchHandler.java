// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Gather;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.broker.request.RequestException;
import io.varve.kafka.MessageReader;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.OffsetFetchRequest;
import io.varve.kafka.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.varve.kafka.message.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.varve.kafka.message.OffsetFetchResponse;
import io.varve.kafka.message.OffsetFetchResponse.OffsetFetchResponseGroup;
import io.varve.kafka.message.OffsetFetchResponse.OffsetFetchResponsePartition;
import io.varve.kafka.message.OffsetFetchResponse.OffsetFetchResponsePartitions;
import io.varve.kafka.message.OffsetFetchResponse.OffsetFetchResponseTopic;
import io.varve.kafka.message.OffsetFetchResponse.OffsetFetchResponseTopics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Tells how far groups have come. Versions before 8 ask for one group; they are answered as a request for several would be.
 *
 * <p>Threading: safe.
 */
final class OffsetFetchHandler implements ApiHandler<OffsetFetchRequest, OffsetFetchResponse> {

    private static final short SEVERAL_GROUPS_SINCE = 8;
    private static final short TOPIC_IDS_SINCE = 10;
    private static final long NO_OFFSET = -1;

    private final GroupCoordinator coordinator;
    private final ImageFollower follower;

    OffsetFetchHandler(GroupCoordinator coordinator, ImageFollower follower) {
        this.coordinator = coordinator;
        this.follower = follower;
    }

    @Override
    public ApiKey api() {
        return ApiKey.OFFSET_FETCH;
    }

    @Override
    public void handle(RequestContext context, OffsetFetchRequest request, Reply<OffsetFetchResponse> reply) {
        boolean several = context.version() >= SEVERAL_GROUPS_SINCE;
        boolean byId = context.version() >= TOPIC_IDS_SINCE;
        List<OffsetFetchRequestGroup> groups = several ? request.groups() : List.of(single(request));
        List<CompletableFuture<OffsetFetchResponseGroup>> answers = new ArrayList<>();
        for (OffsetFetchRequestGroup group : groups) {
            answers.add(Gather.part(
                    () -> coordinator.read(group.groupId(), machine -> offsets(group, machine)),
                    offsets -> answer(group, offsets, byId),
                    (error, message) -> failed(group, error, byId)));
        }
        Gather.all(
                answers,
                all -> reply.send(several ? new OffsetFetchResponse().groups(all) : single(context, all.get(0))));
    }

    private static Map<TopicPartition, CommittedOffset> offsets(OffsetFetchRequestGroup group, GroupMachine machine) {
        ConsumerGroup consumers = machine.consumers().group(group.groupId());
        ErrorCode refusal = consumers == null
                ? ErrorCode.NONE
                : ConsumerGroups.refusalToFetch(consumers, group.memberId(), group.memberEpoch());
        if (refusal != ErrorCode.NONE) {
            throw new RequestException(
                    refusal,
                    "the member is not in the group at this epoch: group=" + group.groupId() + ", member="
                            + group.memberId() + ", epoch=" + group.memberEpoch());
        }
        return Map.copyOf(machine.offsets(group.groupId()));
    }

    private static OffsetFetchRequestGroup single(OffsetFetchRequest request) {
        List<OffsetFetchRequestTopics> topics = null;
        if (request.topics() != null) {
            topics = request.topics().stream()
                    .map(topic -> new OffsetFetchRequestTopics()
                            .name(topic.name())
                            .partitionIndexes(topic.partitionIndexes()))
                    .toList();
        }
        return new OffsetFetchRequestGroup().groupId(request.groupId()).topics(topics);
    }

    private static OffsetFetchResponse single(RequestContext context, OffsetFetchResponseGroup group) {
        OffsetFetchResponse response = new OffsetFetchResponse()
                .topics(group.topics().stream()
                        .map(topic -> new OffsetFetchResponseTopic()
                                .name(topic.name())
                                .partitions(topic.partitions().stream()
                                        .map(partition -> single(context, group, partition))
                                        .toList()))
                        .toList());
        return context.version() >= 2 ? response.errorCode(group.errorCode()) : response;
    }

    /** Version 0 and 1 have no error but that of each partition. */
    private static OffsetFetchResponsePartition single(
            RequestContext context, OffsetFetchResponseGroup group, OffsetFetchResponsePartitions partition) {
        short error = context.version() < 2 && group.errorCode() != 0 ? group.errorCode() : partition.errorCode();
        return new OffsetFetchResponsePartition()
                .partitionIndex(partition.partitionIndex())
                .committedOffset(partition.committedOffset())
                .committedLeaderEpoch(partition.committedLeaderEpoch())
                .metadata(partition.metadata())
                .errorCode(error);
    }

    private OffsetFetchResponseGroup answer(
            OffsetFetchRequestGroup group, Map<TopicPartition, CommittedOffset> offsets, boolean byId) {
        ClusterImage image = follower.image();
        List<OffsetFetchResponseTopics> topics = new ArrayList<>();
        List<OffsetFetchRequestTopics> wanted = group.topics();
        if (wanted == null) {
            all(offsets).forEach((name, partitions) -> {
                TopicImage known = image.topic(name);
                if (known != null || !byId) {
                    topics.add(new OffsetFetchResponseTopics()
                            .name(name)
                            .topicId(known == null ? MessageReader.ZERO_UUID : known.id())
                            .partitions(partitions));
                }
            });
        } else {
            for (OffsetFetchRequestTopics topic : wanted) {
                TopicImage known = byId ? image.topic(topic.topicId()) : null;
                String name = byId ? (known == null ? null : known.name()) : topic.name();
                topics.add(new OffsetFetchResponseTopics()
                        .name(topic.name())
                        .topicId(topic.topicId())
                        .partitions(topic.partitionIndexes().stream()
                                .map(index -> partition(name, index, offsets))
                                .toList()));
            }
        }
        return new OffsetFetchResponseGroup().groupId(group.groupId()).topics(topics);
    }

    private static Map<String, List<OffsetFetchResponsePartitions>> all(Map<TopicPartition, CommittedOffset> offsets) {
        Map<String, List<OffsetFetchResponsePartitions>> topics = new TreeMap<>();
        offsets.forEach((partition, offset) -> topics.computeIfAbsent(partition.topic(), name -> new ArrayList<>())
                .add(partition(partition.topic(), partition.index(), offsets)));
        return topics;
    }

    private static OffsetFetchResponsePartitions partition(
            @Nullable String topic, int index, Map<TopicPartition, CommittedOffset> offsets) {
        OffsetFetchResponsePartitions answer = new OffsetFetchResponsePartitions().partitionIndex(index);
        if (topic == null) {
            return answer.committedOffset(NO_OFFSET).errorCode(ErrorCode.UNKNOWN_TOPIC_ID.code());
        }
        CommittedOffset offset = offsets.get(new TopicPartition(topic, index));
        return offset == null
                ? answer.committedOffset(NO_OFFSET)
                : answer.committedOffset(offset.offset())
                        .committedLeaderEpoch(offset.leaderEpoch())
                        .metadata(offset.metadata());
    }

    private OffsetFetchResponseGroup failed(OffsetFetchRequestGroup group, ErrorCode error, boolean byId) {
        return answer(group, Map.of(), byId).errorCode(error.code());
    }
}
