// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

import io.varve.broker.config.ConfigDescription;
import io.varve.broker.config.ConfigKey;
import io.varve.broker.config.ConfigRegistry;
import io.varve.broker.config.ConfigSource;
import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.DescribeConfigsRequest;
import io.varve.kafka.message.DescribeConfigsRequest.DescribeConfigsResource;
import io.varve.kafka.message.DescribeConfigsResponse;
import io.varve.kafka.message.DescribeConfigsResponse.DescribeConfigsResourceResult;
import io.varve.kafka.message.DescribeConfigsResponse.DescribeConfigsResult;
import io.varve.kafka.message.DescribeConfigsResponse.DescribeConfigsSynonym;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Tells the values of topics and brokers and where each comes from.
 *
 * <p>Threading: safe.
 */
public final class DescribeConfigsHandler implements ApiHandler<DescribeConfigsRequest, DescribeConfigsResponse> {

    private final int nodeId;
    private final ImageFollower follower;
    private final ConfigValues values;

    public DescribeConfigsHandler(int nodeId, ImageFollower follower, ConfigValues values) {
        this.nodeId = nodeId;
        this.follower = follower;
        this.values = values;
    }

    @Override
    public ApiKey api() {
        return ApiKey.DESCRIBE_CONFIGS;
    }

    @Override
    public void handle(RequestContext context, DescribeConfigsRequest request, Reply<DescribeConfigsResponse> reply) {
        List<DescribeConfigsResult> results = new ArrayList<>();
        for (DescribeConfigsResource resource : request.resources()) {
            results.add(describe(resource, request)
                    .resourceType(resource.resourceType())
                    .resourceName(resource.resourceName()));
        }
        reply.send(new DescribeConfigsResponse().results(results));
    }

    private DescribeConfigsResult describe(DescribeConfigsResource resource, DescribeConfigsRequest request) {
        ClusterImage image = follower.image();
        String name = resource.resourceName();
        ConfigValues ofBroker = values.withDynamic(image.defaultBrokerConfig(), image.brokerConfig(nodeId));
        if (resource.resourceType() == ConfigResources.TOPIC) {
            return image.topic(name) == null
                    ? error(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "Topic '" + name + "' does not exist.")
                    : result(resource, request, ofBroker.forTopic(image.topicConfig(name)), false);
        }
        if (resource.resourceType() == ConfigResources.BROKER) {
            if (name.isEmpty()) {
                ConfigValues defaults = ConfigValues.of(Map.of()).withDynamic(image.defaultBrokerConfig(), Map.of());
                return result(resource, request, defaults, true);
            }
            return name.equals(Integer.toString(nodeId))
                    ? result(resource, request, ofBroker, false)
                    : error(
                            ErrorCode.INVALID_REQUEST,
                            "Unexpected broker id, expected " + nodeId + " or empty string, but received " + name);
        }
        return error(
                ErrorCode.INVALID_REQUEST, "Resource type " + resource.resourceType() + " has no configuration here.");
    }

    private static DescribeConfigsResult error(ErrorCode error, String message) {
        return new DescribeConfigsResult().errorCode(error.code()).errorMessage(message);
    }

    private static DescribeConfigsResult result(
            DescribeConfigsResource resource, DescribeConfigsRequest request, ConfigValues inForce, boolean onlySet) {
        List<String> wanted = resource.configurationKeys();
        ConfigRegistry registry = inForce.registry();
        List<DescribeConfigsResourceResult> configs = new ArrayList<>();
        for (ConfigKey key : registry.keys()) {
            ConfigDescription described = inForce.describe(key.name());
            boolean asked = wanted == null || wanted.isEmpty() || wanted.contains(key.name());
            if (asked && !key.isNumbered() && (!onlySet || described.source() == ConfigSource.DYNAMIC_DEFAULT_BROKER)) {
                configs.add(entry(described, request));
            }
        }
        return new DescribeConfigsResult().errorMessage(null).configs(configs);
    }

    private static DescribeConfigsResourceResult entry(ConfigDescription described, DescribeConfigsRequest request) {
        ConfigKey key = described.key();
        DescribeConfigsResourceResult entry = new DescribeConfigsResourceResult()
                .name(key.name())
                .value(described.value())
                .readOnly(key.isReadOnly())
                .configSource(described.source().id())
                .configType(key.type().id())
                .documentation(request.includeDocumentation() ? key.doc() : null);
        if (request.includeSynonyms()) {
            entry.synonyms(described.candidates().stream()
                    .map(candidate -> new DescribeConfigsSynonym()
                            .name(candidate.name())
                            .value(candidate.value())
                            .source(candidate.source().id()))
                    .toList());
        }
        return entry;
    }
}
