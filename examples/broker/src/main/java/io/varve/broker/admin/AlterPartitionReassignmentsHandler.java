// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

import io.varve.broker.controller.Controller;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.broker.request.RequestException;
import io.varve.kafka.message.AlterPartitionReassignmentsRequest;
import io.varve.kafka.message.AlterPartitionReassignmentsResponse;
import io.varve.kafka.message.AlterPartitionReassignmentsResponse.ReassignablePartitionResponse;
import io.varve.kafka.message.AlterPartitionReassignmentsResponse.ReassignableTopicResponse;
import io.varve.kafka.message.ApiKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Begins to move partitions to other brokers, or cancels that (KIP-455). Answers when it has begun.
 *
 * <p>Threading: safe.
 */
public final class AlterPartitionReassignmentsHandler
        implements ApiHandler<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse> {

    private final Controller controller;

    public AlterPartitionReassignmentsHandler(Controller controller) {
        this.controller = controller;
    }

    @Override
    public ApiKey api() {
        return ApiKey.ALTER_PARTITION_REASSIGNMENTS;
    }

    @Override
    public void handle(
            RequestContext context,
            AlterPartitionReassignmentsRequest request,
            Reply<AlterPartitionReassignmentsResponse> reply) {
        Map<TopicPartition, Optional<List<Integer>>> targets = new LinkedHashMap<>();
        request.topics().forEach(topic -> topic.partitions()
                .forEach(partition -> targets.put(
                        new TopicPartition(topic.name(), partition.partitionIndex()),
                        Optional.ofNullable(partition.replicas()))));
        boolean mayChangeCount = request.allowReplicationFactorChange();
        controller
                .reassign(targets, mayChangeCount)
                .whenComplete((results, failure) -> reply.send((failure == null ? response(results) : failed(failure))
                        .allowReplicationFactorChange(mayChangeCount)));
    }

    private static AlterPartitionReassignmentsResponse failed(Throwable failure) {
        return new AlterPartitionReassignmentsResponse()
                .errorCode(ErrorMapping.of(failure).code())
                .errorMessage(ErrorMapping.message(failure));
    }

    private static AlterPartitionReassignmentsResponse response(
            Map<TopicPartition, Optional<RequestException>> results) {
        Map<String, List<ReassignablePartitionResponse>> topics = new LinkedHashMap<>();
        results.forEach((id, refusal) -> topics.computeIfAbsent(id.topic(), topic -> new ArrayList<>())
                .add(new ReassignablePartitionResponse()
                        .partitionIndex(id.index())
                        .errorCode(refusal.map(RequestException::error)
                                .orElse(ErrorCode.NONE)
                                .code())
                        .errorMessage(refusal.map(Throwable::getMessage).orElse(null))));
        return new AlterPartitionReassignmentsResponse()
                .errorMessage(null)
                .responses(topics.entrySet().stream()
                        .map(topic -> new ReassignableTopicResponse()
                                .name(topic.getKey())
                                .partitions(topic.getValue()))
                        .toList());
    }
}
