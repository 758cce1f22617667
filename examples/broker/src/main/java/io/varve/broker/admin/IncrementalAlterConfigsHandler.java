// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

import io.varve.broker.controller.ConfigPlan;
import io.varve.broker.controller.ConfigWriter;
import io.varve.broker.metadata.TreeLayout;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Gather;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.broker.request.RequestException;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.IncrementalAlterConfigsRequest;
import io.varve.kafka.message.IncrementalAlterConfigsRequest.AlterConfigsResource;
import io.varve.kafka.message.IncrementalAlterConfigsRequest.AlterableConfig;
import io.varve.kafka.message.IncrementalAlterConfigsResponse;
import io.varve.kafka.message.IncrementalAlterConfigsResponse.AlterConfigsResourceResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Changes single values of topics and brokers (KIP-339).
 *
 * <p>Threading: safe.
 */
public final class IncrementalAlterConfigsHandler
        implements ApiHandler<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse> {

    private static final ConfigPlan.Operation[] OPERATIONS = ConfigPlan.Operation.values();

    private final int nodeId;
    private final ConfigWriter writer;

    public IncrementalAlterConfigsHandler(int nodeId, ConfigWriter writer) {
        this.nodeId = nodeId;
        this.writer = writer;
    }

    @Override
    public ApiKey api() {
        return ApiKey.INCREMENTAL_ALTER_CONFIGS;
    }

    @Override
    public void handle(
            RequestContext context,
            IncrementalAlterConfigsRequest request,
            Reply<IncrementalAlterConfigsResponse> reply) {
        List<CompletableFuture<AlterConfigsResourceResponse>> results = new ArrayList<>();
        for (AlterConfigsResource resource : request.resources()) {
            results.add(Gather.part(
                    () -> alter(resource, request.validateOnly()),
                    nothing -> response(resource),
                    (error, message) ->
                            response(resource).errorCode(error.code()).errorMessage(message)));
        }
        Gather.all(results, all -> reply.send(new IncrementalAlterConfigsResponse().responses(all)));
    }

    private static AlterConfigsResourceResponse response(AlterConfigsResource resource) {
        return new AlterConfigsResourceResponse()
                .resourceType(resource.resourceType())
                .resourceName(resource.resourceName())
                .errorMessage(null);
    }

    private CompletionStage<Void> alter(AlterConfigsResource resource, boolean validateOnly) {
        List<ConfigPlan.Change> changes = resource.configs().stream()
                .map(IncrementalAlterConfigsHandler::change)
                .toList();
        String name = resource.resourceName();
        if (resource.resourceType() == ConfigResources.TOPIC) {
            return writer.alterTopic(name, changes, validateOnly);
        }
        if (resource.resourceType() != ConfigResources.BROKER) {
            throw new RequestException(
                    ErrorCode.INVALID_REQUEST,
                    "Resource type " + resource.resourceType() + " has no configuration here.");
        }
        if (!name.isEmpty() && !name.equals(Integer.toString(nodeId))) {
            throw new RequestException(
                    ErrorCode.INVALID_REQUEST, "Unexpected broker id, expected " + nodeId + ", but received " + name);
        }
        return writer.alterBroker(name.isEmpty() ? TreeLayout.DEFAULT_ENTITY : name, changes, validateOnly);
    }

    private static ConfigPlan.Change change(AlterableConfig config) {
        if (config.configOperation() < 0 || config.configOperation() >= OPERATIONS.length) {
            throw new RequestException(
                    ErrorCode.INVALID_REQUEST,
                    "Unknown operation for " + config.name() + ": operation=" + config.configOperation());
        }
        return new ConfigPlan.Change(config.name(), OPERATIONS[config.configOperation()], config.value());
    }
}
