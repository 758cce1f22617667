// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.DescribeClusterRequest;
import io.varve.kafka.message.DescribeClusterResponse;
import io.varve.kafka.message.DescribeClusterResponse.DescribeClusterBroker;
import java.util.ArrayList;
import java.util.List;

/**
 * Describes the cluster: its id, its controller, its brokers.
 *
 * <p>Threading: safe.
 */
public final class DescribeClusterHandler implements ApiHandler<DescribeClusterRequest, DescribeClusterResponse> {

    private final ImageFollower follower;

    public DescribeClusterHandler(ImageFollower follower) {
        this.follower = follower;
    }

    @Override
    public ApiKey api() {
        return ApiKey.DESCRIBE_CLUSTER;
    }

    @Override
    public void handle(RequestContext context, DescribeClusterRequest request, Reply<DescribeClusterResponse> reply) {
        ClusterImage image = follower.image();
        List<DescribeClusterBroker> brokers = new ArrayList<>();
        for (BrokerImage broker : image.brokers()) {
            BrokerImage.Endpoint endpoint = broker.endpoint(context.listener());
            if (endpoint != null) {
                brokers.add(new DescribeClusterBroker()
                        .brokerId(broker.id())
                        .host(endpoint.host())
                        .port(endpoint.port())
                        .rack(broker.rack()));
            }
        }
        reply.send(new DescribeClusterResponse()
                .clusterId(image.clusterId())
                .controllerId(image.controllerId())
                .endpointType(request.endpointType())
                .brokers(brokers));
    }
}
