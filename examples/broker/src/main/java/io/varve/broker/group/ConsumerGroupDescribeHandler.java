// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Gather;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.ConsumerGroupDescribeRequest;
import io.varve.kafka.message.ConsumerGroupDescribeResponse;
import io.varve.kafka.message.ConsumerGroupDescribeResponse.Assignment;
import io.varve.kafka.message.ConsumerGroupDescribeResponse.DescribedGroup;
import io.varve.kafka.message.ConsumerGroupDescribeResponse.Member;
import io.varve.kafka.message.ConsumerGroupDescribeResponse.TopicPartitions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * Describes consumer groups of KIP-848 and their members.
 *
 * <p>Threading: safe.
 */
final class ConsumerGroupDescribeHandler
        implements ApiHandler<ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse> {

    private static final byte CLASSIC_MEMBER = 0;
    private static final byte CONSUMER_MEMBER = 1;

    private final GroupCoordinator coordinator;

    ConsumerGroupDescribeHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public ApiKey api() {
        return ApiKey.CONSUMER_GROUP_DESCRIBE;
    }

    @Override
    public void handle(
            RequestContext context, ConsumerGroupDescribeRequest request, Reply<ConsumerGroupDescribeResponse> reply) {
        List<CompletableFuture<DescribedGroup>> answers = new ArrayList<>();
        for (String groupId : request.groupIds()) {
            answers.add(Gather.part(
                    () -> coordinator.read(groupId, machine -> describe(groupId, machine)),
                    described -> request.includeAuthorizedOperations() && described.errorCode() == 0
                            ? described.authorizedOperations(DescribeGroupsHandler.ALL_OPERATIONS)
                            : described,
                    (error, message) -> new DescribedGroup()
                            .groupId(groupId)
                            .errorCode(error.code())
                            .errorMessage(message)));
        }
        Gather.all(answers, groups -> reply.send(new ConsumerGroupDescribeResponse().groups(groups)));
    }

    private static DescribedGroup describe(String groupId, GroupMachine machine) {
        DescribedGroup described = new DescribedGroup().groupId(groupId);
        ConsumerGroup group = machine.consumers().group(groupId);
        if (group == null) {
            String message = machine.exists(groupId)
                    ? "Group " + groupId + " is not a consumer group."
                    : "Group " + groupId + " not found.";
            return described.errorCode(ErrorCode.GROUP_ID_NOT_FOUND.code()).errorMessage(message);
        }
        return described
                .groupState(group.state())
                .groupEpoch(group.epoch())
                .assignmentEpoch(group.targetEpoch())
                .assignorName(machine.consumers().assignor(group))
                .members(group.members().values().stream()
                        .map(member ->
                                describe(member, group, machine.consumers().topics()))
                        .toList());
    }

    private static Member describe(ConsumerMember member, ConsumerGroup group, Topics topics) {
        MemberMetadata metadata = member.metadata();
        return new Member()
                .memberId(member.memberId())
                .instanceId(metadata.instanceId())
                .rackId(metadata.rackId())
                .memberEpoch(member.current().epoch())
                .clientId(metadata.client().id())
                .clientHost(metadata.client().host())
                .subscribedTopicNames(List.copyOf(metadata.topicNames()))
                .subscribedTopicRegex(metadata.topicRegex())
                .assignment(assignment(member.current().assigned().keySet(), topics))
                .targetAssignment(assignment(group.target(member.memberId()), topics))
                .memberType(metadata.classic() == null ? CONSUMER_MEMBER : CLASSIC_MEMBER);
    }

    /** Partitions of topics that are no more have no name, and are left out. */
    private static Assignment assignment(Collection<TopicIdPartition> partitions, Topics topics) {
        SortedMap<UUID, List<Integer>> byTopic = new TreeMap<>();
        for (TopicIdPartition partition : partitions) {
            byTopic.computeIfAbsent(partition.topicId(), id -> new ArrayList<>())
                    .add(partition.index());
        }
        List<TopicPartitions> described = new ArrayList<>();
        byTopic.forEach((id, indexes) -> {
            Topics.Topic topic = topics.topic(id);
            if (topic != null) {
                described.add(new TopicPartitions()
                        .topicId(id)
                        .topicName(topic.name())
                        .partitions(indexes));
            }
        });
        return new Assignment().topicPartitions(described);
    }
}
