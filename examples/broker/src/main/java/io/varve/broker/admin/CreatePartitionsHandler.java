// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

import io.varve.broker.controller.Controller;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.Gather;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.CreatePartitionsRequest;
import io.varve.kafka.message.CreatePartitionsRequest.CreatePartitionsAssignment;
import io.varve.kafka.message.CreatePartitionsRequest.CreatePartitionsTopic;
import io.varve.kafka.message.CreatePartitionsResponse;
import io.varve.kafka.message.CreatePartitionsResponse.CreatePartitionsTopicResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Gives topics more partitions.
 *
 * <p>Threading: safe.
 */
public final class CreatePartitionsHandler implements ApiHandler<CreatePartitionsRequest, CreatePartitionsResponse> {

    private final Controller controller;

    public CreatePartitionsHandler(Controller controller) {
        this.controller = controller;
    }

    @Override
    public ApiKey api() {
        return ApiKey.CREATE_PARTITIONS;
    }

    @Override
    public void handle(RequestContext context, CreatePartitionsRequest request, Reply<CreatePartitionsResponse> reply) {
        List<CompletableFuture<CreatePartitionsTopicResult>> results = new ArrayList<>();
        for (CreatePartitionsTopic topic : request.topics()) {
            List<CreatePartitionsAssignment> given = topic.assignments() == null ? List.of() : topic.assignments();
            List<List<Integer>> added =
                    given.stream().map(CreatePartitionsAssignment::brokerIds).toList();
            results.add(Gather.part(
                    () -> controller.createPartitions(topic.name(), topic.count(), added, request.validateOnly()),
                    nothing -> new CreatePartitionsTopicResult().name(topic.name()),
                    (error, message) -> new CreatePartitionsTopicResult()
                            .name(topic.name())
                            .errorCode(error.code())
                            .errorMessage(message)));
        }
        Gather.all(results, all -> reply.send(new CreatePartitionsResponse().results(all)));
    }
}
