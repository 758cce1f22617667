// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.controller.Controller;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.MessageReader;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.MetadataRequest;
import io.varve.kafka.message.MetadataRequest.MetadataRequestTopic;
import io.varve.kafka.message.MetadataResponse;
import io.varve.kafka.message.MetadataResponse.MetadataResponseBroker;
import io.varve.kafka.message.MetadataResponse.MetadataResponsePartition;
import io.varve.kafka.message.MetadataResponse.MetadataResponseTopic;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntPredicate;

/**
 * Metadata: the brokers, and the topics that are asked for; creates a topic that does not exist when that is allowed.
 *
 * <p>Threading: safe.
 */
public final class MetadataHandler implements ApiHandler<MetadataRequest, MetadataResponse> {

    private static final int NO_LEADER = -1;

    private final ImageFollower follower;
    private final ConfigValues values;
    private final TopicCreator creator;

    public MetadataHandler(ImageFollower follower, Controller controller, ConfigValues values) {
        this.follower = follower;
        this.values = values;
        this.creator = new TopicCreator(controller, values);
    }

    @Override
    public ApiKey api() {
        return ApiKey.METADATA;
    }

    @Override
    public void handle(RequestContext context, MetadataRequest request, Reply<MetadataResponse> reply) {
        List<MetadataRequestTopic> wanted = request.topics();
        // In version 0 an empty list means all topics, later null does.
        List<CompletableFuture<MetadataResponseTopic>> answers = new ArrayList<>();
        if (wanted == null || (context.version() == 0 && wanted.isEmpty())) {
            ClusterImage image = follower.image();
            image.topics()
                    .forEach(topic -> answers.add(CompletableFuture.completedFuture(found(context, image, topic))));
        } else {
            boolean create = values.booleanValue("auto.create.topics.enable")
                    && (context.version() < 4 || request.allowAutoTopicCreation());
            wanted.forEach(topic -> answers.add(answer(context, topic, create)));
        }
        CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .whenComplete((nothing, failure) -> reply.send(response(
                        context, answers.stream().map(CompletableFuture::join).toList())));
    }

    private CompletableFuture<MetadataResponseTopic> answer(
            RequestContext context, MetadataRequestTopic wanted, boolean create) {
        ClusterImage image = follower.image();
        String name = wanted.name();
        // A client that asks by the id leaves the name null or empty.
        if (name == null || !wanted.topicId().equals(MessageReader.ZERO_UUID)) {
            TopicImage topic = image.topic(wanted.topicId());
            return CompletableFuture.completedFuture(
                    topic == null
                            ? new MetadataResponseTopic()
                                    .name(null)
                                    .topicId(wanted.topicId())
                                    .errorCode(ErrorCode.UNKNOWN_TOPIC_ID.code())
                            : found(context, image, topic));
        }
        TopicImage topic = image.topic(name);
        if (topic != null) {
            return CompletableFuture.completedFuture(found(context, image, topic));
        }
        ErrorCode invalid = creator.nameError(name);
        if (!create || invalid != ErrorCode.NONE) {
            ErrorCode error = invalid == ErrorCode.NONE ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : invalid;
            return CompletableFuture.completedFuture(missing(name, error));
        }
        return creator.createAutomatically(name)
                .handle((created, failure) -> {
                    ClusterImage now = follower.image();
                    TopicImage found = now.topic(name);
                    if (found != null) {
                        return found(context, now, found);
                    }
                    return missing(name, failure == null ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : error(failure));
                })
                .toCompletableFuture();
    }

    /** Of the errors that pass, the one that clients of metadata wait out. */
    private static ErrorCode error(Throwable failure) {
        ErrorCode error = ErrorMapping.of(failure);
        return error == ErrorCode.NOT_CONTROLLER || error == ErrorCode.TOPIC_ALREADY_EXISTS
                ? ErrorCode.LEADER_NOT_AVAILABLE
                : error;
    }

    private static MetadataResponseTopic missing(String name, ErrorCode error) {
        return new MetadataResponseTopic()
                .name(name)
                .topicId(MessageReader.ZERO_UUID)
                .errorCode(error.code())
                .isInternal(TopicImage.isInternal(name));
    }

    private static MetadataResponseTopic found(RequestContext context, ClusterImage image, TopicImage topic) {
        return new MetadataResponseTopic()
                .name(topic.name())
                .topicId(topic.id())
                .isInternal(topic.isInternal())
                .partitions(topic.partitions().stream()
                        .map(partition -> partition(partition, broker -> image.isReached(broker, context.listener())))
                        .toList());
    }

    private static MetadataResponsePartition partition(PartitionImage partition, IntPredicate isReached) {
        boolean isLed = isReached.test(partition.leader());
        return new MetadataResponsePartition()
                .errorCode((isLed ? ErrorCode.NONE : ErrorCode.LEADER_NOT_AVAILABLE).code())
                .partitionIndex(partition.index())
                .leaderId(isLed ? partition.leader() : NO_LEADER)
                .leaderEpoch(partition.leaderEpoch())
                .replicaNodes(partition.replicas())
                .isrNodes(partition.isr())
                .offlineReplicas(partition.replicas().stream()
                        .filter(replica -> !isReached.test(replica))
                        .toList());
    }

    private MetadataResponse response(RequestContext context, List<MetadataResponseTopic> topics) {
        ClusterImage image = follower.image();
        List<MetadataResponseBroker> brokers = new ArrayList<>();
        for (BrokerImage broker : image.brokers()) {
            BrokerImage.Endpoint endpoint = broker.endpoint(context.listener());
            if (endpoint != null) {
                brokers.add(new MetadataResponseBroker()
                        .nodeId(broker.id())
                        .host(endpoint.host())
                        .port(endpoint.port())
                        .rack(broker.rack()));
            }
        }
        return new MetadataResponse()
                .brokers(brokers)
                .clusterId(image.clusterId())
                .controllerId(image.controllerId())
                .topics(topics);
    }
}
