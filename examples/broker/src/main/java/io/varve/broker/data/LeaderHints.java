// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.MessageReader;
import io.varve.kafka.message.FetchResponse;
import io.varve.kafka.message.FetchResponse.PartitionData;
import io.varve.kafka.message.ProduceResponse;
import io.varve.kafka.message.ProduceResponse.PartitionProduceResponse;
import io.varve.kafka.message.ProduceResponse.TopicProduceResponse;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Tells clients that have asked the wrong broker who leads, and where that is, so that they need not ask for metadata first (KIP-951).
 *
 * <p>Threading: safe.
 */
final class LeaderHints {

    private static final short FETCH_SINCE = 16;
    private static final short PRODUCE_SINCE = 10;

    private final ImageFollower follower;

    LeaderHints(ImageFollower follower) {
        this.follower = follower;
    }

    private static boolean isWrongBroker(short error) {
        return error == ErrorCode.NOT_LEADER_OR_FOLLOWER.code() || error == ErrorCode.FENCED_LEADER_EPOCH.code();
    }

    void addTo(FetchResponse response, List<FetchResult> results, RequestContext context) {
        if (context.version() < FETCH_SINCE) {
            return;
        }
        Map<Integer, BrokerImage.Endpoint> endpoints = new TreeMap<>();
        ClusterImage image = follower.image();
        for (FetchResult result : results) {
            PartitionData data = result.data();
            FetchSession.Key key = result.wanted().key();
            PartitionImage partition = isWrongBroker(data.errorCode())
                    ? find(image, key.topic(), key.topicId(), data.partitionIndex())
                    : null;
            if (partition != null && add(endpoints, image, partition.leader(), context.listener())) {
                data.currentLeader(new FetchResponse.LeaderIdAndEpoch()
                        .leaderId(partition.leader())
                        .leaderEpoch(partition.leaderEpoch()));
            }
        }
        endpoints.forEach((id, endpoint) -> response.nodeEndpoints()
                .add(new FetchResponse.NodeEndpoint()
                        .nodeId(id)
                        .host(endpoint.host())
                        .port(endpoint.port())
                        .rack(rack(image, id))));
    }

    void addTo(ProduceResponse response, RequestContext context) {
        if (context.version() < PRODUCE_SINCE) {
            return;
        }
        Map<Integer, BrokerImage.Endpoint> endpoints = new TreeMap<>();
        ClusterImage image = follower.image();
        for (TopicProduceResponse topic : response.responses()) {
            for (PartitionProduceResponse data : topic.partitionResponses()) {
                PartitionImage partition = isWrongBroker(data.errorCode())
                        ? find(image, topic.name(), topic.topicId(), data.index())
                        : null;
                if (partition != null && add(endpoints, image, partition.leader(), context.listener())) {
                    data.currentLeader(new ProduceResponse.LeaderIdAndEpoch()
                            .leaderId(partition.leader())
                            .leaderEpoch(partition.leaderEpoch()));
                }
            }
        }
        endpoints.forEach((id, endpoint) -> response.nodeEndpoints()
                .add(new ProduceResponse.NodeEndpoint()
                        .nodeId(id)
                        .host(endpoint.host())
                        .port(endpoint.port())
                        .rack(rack(image, id))));
    }

    private static @Nullable PartitionImage find(ClusterImage image, String name, UUID id, int index) {
        TopicImage topic = id.equals(MessageReader.ZERO_UUID) ? image.topic(name) : image.topic(id);
        return topic == null ? null : topic.partition(index);
    }

    private static boolean add(
            Map<Integer, BrokerImage.Endpoint> endpoints, ClusterImage image, int leader, String listener) {
        BrokerImage broker = image.broker(leader);
        BrokerImage.Endpoint endpoint = broker == null ? null : broker.endpoint(listener);
        if (endpoint == null) {
            return false;
        }
        endpoints.put(leader, endpoint);
        return true;
    }

    private static @Nullable String rack(ClusterImage image, int id) {
        BrokerImage broker = image.broker(id);
        return broker == null ? null : broker.rack();
    }
}
