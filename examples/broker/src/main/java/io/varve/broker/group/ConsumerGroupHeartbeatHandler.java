// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.ConsumerGroupHeartbeatRequest;
import io.varve.kafka.message.ConsumerGroupHeartbeatResponse;
import io.varve.kafka.message.ConsumerGroupHeartbeatResponse.Assignment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Carries what members of consumer groups want and have to the group, and what they are to have back (KIP-848).
 *
 * <p>Threading: safe.
 */
final class ConsumerGroupHeartbeatHandler
        implements ApiHandler<ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse> {

    /** From this version on a client makes its member id itself (KIP-1082). */
    private static final short OWN_MEMBER_ID_SINCE = 1;

    private final GroupCoordinator coordinator;

    ConsumerGroupHeartbeatHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public ApiKey api() {
        return ApiKey.CONSUMER_GROUP_HEARTBEAT;
    }

    @Override
    public void handle(
            RequestContext context,
            ConsumerGroupHeartbeatRequest request,
            Reply<ConsumerGroupHeartbeatResponse> reply) {
        String fault = fault(context, request);
        if (fault != null) {
            reply.send(new ConsumerGroupHeartbeatResponse()
                    .errorCode(ErrorCode.INVALID_REQUEST.code())
                    .errorMessage(fault));
            return;
        }
        String memberId = request.memberId().isEmpty() ? UUID.randomUUID().toString() : request.memberId();
        GroupCommand.Client client = new GroupCommand.Client(
                context.clientId() == null ? "" : context.clientId(),
                "/" + context.remote().getAddress().getHostAddress());
        coordinator
                .submitOfMember(
                        request.groupId(),
                        requestId -> new GroupCommand.ConsumerHeartbeat(
                                requestId,
                                request.groupId(),
                                memberId,
                                request.memberEpoch(),
                                request.instanceId(),
                                request.rackId(),
                                client,
                                request.rebalanceTimeoutMs(),
                                request.subscribedTopicNames(),
                                request.subscribedTopicRegex(),
                                request.serverAssignor(),
                                owned(request),
                                null))
                .whenComplete((answer, failure) -> reply.send(
                        failure == null
                                ? response((GroupAnswer.Heard) answer)
                                : new ConsumerGroupHeartbeatResponse()
                                        .errorCode(ErrorMapping.of(failure).code())
                                        .errorMessage(ErrorMapping.message(failure))));
    }

    /** What is wrong with a request whatever the group is, null when nothing is. */
    private static @Nullable String fault(RequestContext context, ConsumerGroupHeartbeatRequest request) {
        int epoch = request.memberEpoch();
        if (request.groupId().isEmpty()) {
            return "GroupId can't be empty.";
        }
        if (request.memberId().isEmpty() && (epoch != 0 || context.version() >= OWN_MEMBER_ID_SINCE)) {
            return "MemberId can't be empty.";
        }
        if (epoch < CurrentAssignment.LEFT_FOR_A_WHILE) {
            return "MemberEpoch is invalid.";
        }
        boolean named = request.instanceId() != null && !request.instanceId().isEmpty();
        if ((request.instanceId() != null && !named) || (epoch == CurrentAssignment.LEFT_FOR_A_WHILE && !named)) {
            return "InstanceId can't be empty.";
        }
        if (epoch != 0) {
            return null;
        }
        if (request.rebalanceTimeoutMs() < 0) {
            return "RebalanceTimeoutMs must be provided in first request.";
        }
        if (request.topicPartitions() != null && !request.topicPartitions().isEmpty()) {
            return "TopicPartitions must be empty when (re-)joining.";
        }
        boolean subscribes = request.subscribedTopicNames() != null
                || (request.subscribedTopicRegex() != null
                        && !request.subscribedTopicRegex().isEmpty());
        return subscribes
                ? null
                : "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.";
    }

    private static @Nullable Set<TopicIdPartition> owned(ConsumerGroupHeartbeatRequest request) {
        if (request.topicPartitions() == null) {
            return null;
        }
        Set<TopicIdPartition> owned = new TreeSet<>();
        request.topicPartitions().forEach(topic -> topic.partitions()
                .forEach(index -> owned.add(new TopicIdPartition(topic.topicId(), index))));
        return owned;
    }

    private static ConsumerGroupHeartbeatResponse response(GroupAnswer.Heard heard) {
        return new ConsumerGroupHeartbeatResponse()
                .errorCode(heard.error().code())
                .errorMessage(heard.message())
                .memberId(heard.memberId())
                .memberEpoch(heard.epoch())
                .heartbeatIntervalMs(heard.heartbeatIntervalMs())
                .assignment(heard.assigned() == null ? null : assignment(heard.assigned()));
    }

    private static Assignment assignment(Set<TopicIdPartition> partitions) {
        SortedMap<UUID, List<Integer>> topics = new TreeMap<>();
        for (TopicIdPartition partition : partitions) {
            topics.computeIfAbsent(partition.topicId(), id -> new ArrayList<>()).add(partition.index());
        }
        return new Assignment()
                .topicPartitions(topics.entrySet().stream()
                        .map(topic -> new ConsumerGroupHeartbeatResponse.TopicPartitions()
                                .topicId(topic.getKey())
                                .partitions(topic.getValue()))
                        .toList());
    }
}
