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
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.ElectLeadersRequest;
import io.varve.kafka.message.ElectLeadersResponse;
import io.varve.kafka.message.ElectLeadersResponse.PartitionResult;
import io.varve.kafka.message.ElectLeadersResponse.ReplicaElectionResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Elects the preferred leaders of partitions (KIP-183), or any replica where nobody leads (KIP-460).
 *
 * <p>Threading: safe.
 */
public final class ElectLeadersHandler implements ApiHandler<ElectLeadersRequest, ElectLeadersResponse> {

    private static final byte PREFERRED = 0;
    private static final byte UNCLEAN = 1;

    private final Controller controller;

    public ElectLeadersHandler(Controller controller) {
        this.controller = controller;
    }

    @Override
    public ApiKey api() {
        return ApiKey.ELECT_LEADERS;
    }

    @Override
    public void handle(RequestContext context, ElectLeadersRequest request, Reply<ElectLeadersResponse> reply) {
        if (request.electionType() != PREFERRED && request.electionType() != UNCLEAN) {
            reply.send(failed(ErrorCode.INVALID_REQUEST));
            return;
        }
        Optional<List<TopicPartition>> ids = ids(request);
        controller
                .electLeaders(ids, request.electionType() == UNCLEAN)
                .whenComplete((results, failure) -> reply.send(
                        failure == null ? response(results, ids.isEmpty()) : failed(ErrorMapping.of(failure))));
    }

    private static Optional<List<TopicPartition>> ids(ElectLeadersRequest request) {
        if (request.topicPartitions() == null) {
            return Optional.empty();
        }
        List<TopicPartition> ids = new ArrayList<>();
        request.topicPartitions().forEach(topic -> topic.partitions()
                .forEach(index -> ids.add(new TopicPartition(topic.topic(), index))));
        return Optional.of(ids);
    }

    private static ElectLeadersResponse failed(ErrorCode error) {
        return new ElectLeadersResponse().errorCode(error.code());
    }

    /** Of all partitions, Kafka names only those that an election was needed for. */
    private static ElectLeadersResponse response(
            Map<TopicPartition, Optional<RequestException>> results, boolean leavesOutUnneeded) {
        Map<String, List<PartitionResult>> topics = new TreeMap<>();
        results.forEach((id, refusal) -> {
            ErrorCode error = refusal.map(RequestException::error).orElse(ErrorCode.NONE);
            if (!leavesOutUnneeded || error != ErrorCode.ELECTION_NOT_NEEDED) {
                topics.computeIfAbsent(id.topic(), topic -> new ArrayList<>())
                        .add(new PartitionResult()
                                .partitionId(id.index())
                                .errorCode(error.code())
                                .errorMessage(refusal.map(Throwable::getMessage).orElse(null)));
            }
        });
        return new ElectLeadersResponse()
                .replicaElectionResults(topics.entrySet().stream()
                        .map(topic -> new ReplicaElectionResult()
                                .topic(topic.getKey())
                                .partitionResult(topic.getValue()))
                        .toList());
    }
}
