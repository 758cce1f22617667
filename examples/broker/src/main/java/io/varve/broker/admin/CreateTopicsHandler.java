// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

import io.varve.broker.config.ConfigDescription;
import io.varve.broker.config.ConfigRegistry;
import io.varve.broker.config.ConfigValues;
import io.varve.broker.controller.Controller;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Gather;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.broker.request.RequestException;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.CreateTopicsRequest;
import io.varve.kafka.message.CreateTopicsRequest.CreatableReplicaAssignment;
import io.varve.kafka.message.CreateTopicsRequest.CreatableTopic;
import io.varve.kafka.message.CreateTopicsResponse;
import io.varve.kafka.message.CreateTopicsResponse.CreatableTopicConfigs;
import io.varve.kafka.message.CreateTopicsResponse.CreatableTopicResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Creates topics; answers when their partitions are open.
 *
 * <p>Threading: safe.
 */
public final class CreateTopicsHandler implements ApiHandler<CreateTopicsRequest, CreateTopicsResponse> {

    private final Controller controller;
    private final ConfigValues values;

    public CreateTopicsHandler(Controller controller, ConfigValues values) {
        this.controller = controller;
        this.values = values;
    }

    @Override
    public ApiKey api() {
        return ApiKey.CREATE_TOPICS;
    }

    @Override
    public void handle(RequestContext context, CreateTopicsRequest request, Reply<CreateTopicsResponse> reply) {
        List<CompletableFuture<CreatableTopicResult>> results = new ArrayList<>();
        for (CreatableTopic topic : request.topics()) {
            boolean twice = request.topics().stream()
                            .filter(other -> other.name().equals(topic.name()))
                            .count()
                    > 1;
            results.add(Gather.part(
                    () -> create(topic, twice, request.validateOnly()),
                    created -> created(topic, created),
                    (error, message) -> new CreatableTopicResult()
                            .name(topic.name())
                            .errorCode(error.code())
                            .errorMessage(message)));
        }
        Gather.all(results, topics -> reply.send(new CreateTopicsResponse().topics(topics)));
    }

    private CompletionStage<TopicImage> create(CreatableTopic topic, boolean twice, boolean validateOnly) {
        if (twice) {
            throw new RequestException(
                    ErrorCode.INVALID_REQUEST, "Topic '" + topic.name() + "' occurs twice in the request.");
        }
        if (!topic.assignments().isEmpty() && (topic.numPartitions() != -1 || topic.replicationFactor() != -1)) {
            throw new RequestException(
                    ErrorCode.INVALID_REQUEST,
                    "Both numPartitions or replicationFactor and replicasAssignments were set for '" + topic.name()
                            + "'.");
        }
        return controller.createTopic(
                new Controller.NewTopic(
                        topic.name(),
                        topic.numPartitions(),
                        topic.replicationFactor(),
                        assignment(topic),
                        config(topic)),
                validateOnly);
    }

    private static List<List<Integer>> assignment(CreatableTopic topic) {
        List<List<Integer>> assignment = new ArrayList<>();
        List<CreatableReplicaAssignment> given = new ArrayList<>(topic.assignments());
        given.sort(Comparator.comparingInt(CreatableReplicaAssignment::partitionIndex));
        for (CreatableReplicaAssignment partition : given) {
            if (partition.partitionIndex() != assignment.size()) {
                throw new RequestException(
                        ErrorCode.INVALID_REPLICA_ASSIGNMENT, "Partitions must be numbered from 0 without a gap.");
            }
            assignment.add(partition.brokerIds());
        }
        return assignment;
    }

    private static Map<String, String> config(CreatableTopic topic) {
        Map<String, String> config = new LinkedHashMap<>();
        topic.configs().forEach(entry -> {
            String value = entry.value();
            if (value == null) {
                throw new RequestException(
                        ErrorCode.INVALID_CONFIG, "Null value not supported for topic configs: " + entry.name());
            }
            config.put(entry.name(), value);
        });
        return config;
    }

    private CreatableTopicResult created(CreatableTopic requested, TopicImage topic) {
        ConfigValues inForce = values.forTopic(config(requested));
        List<CreatableTopicConfigs> configs = new ArrayList<>();
        ConfigRegistry.topic().keys().forEach(key -> {
            ConfigDescription described = inForce.describe(key.name());
            configs.add(new CreatableTopicConfigs()
                    .name(key.name())
                    .value(described.value())
                    .configSource(described.source().id()));
        });
        return new CreatableTopicResult()
                .name(topic.name())
                .topicId(topic.id())
                .errorMessage(null)
                .numPartitions(topic.partitions().size())
                .replicationFactor((short) topic.partitions().get(0).replicas().size())
                .configs(configs);
    }
}
