// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.FindCoordinatorRequest;
import io.varve.kafka.message.FindCoordinatorResponse;
import io.varve.kafka.message.FindCoordinatorResponse.Coordinator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Finds the broker that coordinates a group; creates the topic of the offsets when there is none.
 *
 * <p>Threading: safe.
 */
final class FindCoordinatorHandler implements ApiHandler<FindCoordinatorRequest, FindCoordinatorResponse> {

    private static final byte GROUP = 0;

    /** From this version on several keys may be asked for at once (KIP-699). */
    private static final short BATCHED_SINCE = 4;

    private final ImageFollower follower;
    private final Function<String, CompletionStage<TopicImage>> createTopic;

    FindCoordinatorHandler(ImageFollower follower, Function<String, CompletionStage<TopicImage>> createTopic) {
        this.follower = follower;
        this.createTopic = createTopic;
    }

    @Override
    public ApiKey api() {
        return ApiKey.FIND_COORDINATOR;
    }

    @Override
    public void handle(RequestContext context, FindCoordinatorRequest request, Reply<FindCoordinatorResponse> reply) {
        List<String> keys = context.version() >= BATCHED_SINCE ? request.coordinatorKeys() : List.of(request.key());
        boolean exists = follower.image().topic(GroupCoordinator.TOPIC) != null;
        CompletionStage<?> ready = exists || request.keyType() != GROUP
                ? CompletableFuture.completedFuture(null)
                : createTopic.apply(GroupCoordinator.TOPIC);
        ready.whenComplete((created, failure) -> {
            List<Coordinator> found = keys.stream()
                    .map(key -> find(context, request.keyType(), key))
                    .toList();
            reply.send(
                    context.version() >= BATCHED_SINCE
                            ? new FindCoordinatorResponse().coordinators(found)
                            : single(found.get(0)));
        });
    }

    private static FindCoordinatorResponse single(Coordinator coordinator) {
        return new FindCoordinatorResponse()
                .errorCode(coordinator.errorCode())
                .errorMessage(coordinator.errorMessage())
                .nodeId(coordinator.nodeId())
                .host(coordinator.host())
                .port(coordinator.port());
    }

    private Coordinator find(RequestContext context, byte keyType, String key) {
        ClusterImage image = follower.image();
        TopicImage topic = image.topic(GroupCoordinator.TOPIC);
        if (keyType != GROUP) {
            // An error that clients do not retry: waiting would not help.
            return missing(
                    key, ErrorCode.INVALID_REQUEST, "Transactions and share groups are not served by this broker.");
        }
        if (topic == null) {
            return missing(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, "The topic of the offsets is not there yet.");
        }
        int leader = topic.partitions()
                .get(GroupCoordinator.partitionOf(key, topic.partitions().size()))
                .leader();
        for (BrokerImage broker : image.brokers()) {
            BrokerImage.Endpoint endpoint = broker.endpoint(context.listener());
            if (broker.id() == leader && endpoint != null) {
                return new Coordinator()
                        .key(key)
                        .nodeId(leader)
                        .host(endpoint.host())
                        .port(endpoint.port())
                        .errorMessage(null);
            }
        }
        return missing(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, "The coordinator is not available.");
    }

    private static Coordinator missing(String key, ErrorCode error, String message) {
        return new Coordinator()
                .key(key)
                .errorCode(error.code())
                .errorMessage(message)
                .nodeId(-1)
                .host("")
                .port(-1);
    }
}
