// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.controller.Controller;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Gather;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.broker.request.RequestException;
import io.varve.kafka.MessageReader;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.DeleteTopicsRequest;
import io.varve.kafka.message.DeleteTopicsRequest.DeleteTopicState;
import io.varve.kafka.message.DeleteTopicsResponse;
import io.varve.kafka.message.DeleteTopicsResponse.DeletableTopicResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Deletes topics, by name or by id; answers when their logs are gone.
 *
 * <p>Threading: safe.
 */
public final class DeleteTopicsHandler implements ApiHandler<DeleteTopicsRequest, DeleteTopicsResponse> {

    private final Controller controller;
    private final ImageFollower follower;
    private final ConfigValues values;

    public DeleteTopicsHandler(Controller controller, ImageFollower follower, ConfigValues values) {
        this.controller = controller;
        this.follower = follower;
        this.values = values;
    }

    @Override
    public ApiKey api() {
        return ApiKey.DELETE_TOPICS;
    }

    @Override
    public void handle(RequestContext context, DeleteTopicsRequest request, Reply<DeleteTopicsResponse> reply) {
        List<DeleteTopicState> wanted = new ArrayList<>(request.topics());
        request.topicNames().forEach(name -> wanted.add(new DeleteTopicState().name(name)));
        ClusterImage image = follower.image();
        List<CompletableFuture<DeletableTopicResult>> results = new ArrayList<>();
        for (DeleteTopicState state : wanted) {
            TopicImage topic = find(state, image);
            results.add(
                    Gather.part(() -> delete(state, topic), nothing -> result(state, topic), (error, message) -> result(
                                    state, topic)
                            .errorCode(error.code())
                            .errorMessage(message)));
        }
        Gather.all(results, responses -> reply.send(new DeleteTopicsResponse().responses(responses)));
    }

    private static @Nullable TopicImage find(DeleteTopicState state, ClusterImage image) {
        String name = state.name();
        return name == null ? image.topic(state.topicId()) : image.topic(name);
    }

    private CompletionStage<Void> delete(DeleteTopicState state, @Nullable TopicImage topic) {
        if (!values.booleanValue("delete.topic.enable")) {
            throw new RequestException(
                    ErrorCode.TOPIC_DELETION_DISABLED, "Topic deletion is disabled: delete.topic.enable=false.");
        }
        if (topic == null) {
            throw state.name() == null
                    ? new RequestException(ErrorCode.UNKNOWN_TOPIC_ID, "This server does not host this topic ID.")
                    : new RequestException(
                            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "This server does not host this topic-partition.");
        }
        return controller.deleteTopic(topic);
    }

    private static DeletableTopicResult result(DeleteTopicState state, @Nullable TopicImage topic) {
        return new DeletableTopicResult()
                .name(topic == null ? state.name() : topic.name())
                .topicId(
                        topic == null
                                ? (state.name() == null ? state.topicId() : MessageReader.ZERO_UUID)
                                : topic.id());
    }
}
