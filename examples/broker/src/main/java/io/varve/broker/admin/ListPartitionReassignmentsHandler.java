// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.ListPartitionReassignmentsRequest;
import io.varve.kafka.message.ListPartitionReassignmentsRequest.ListPartitionReassignmentsTopics;
import io.varve.kafka.message.ListPartitionReassignmentsResponse;
import io.varve.kafka.message.ListPartitionReassignmentsResponse.OngoingPartitionReassignment;
import io.varve.kafka.message.ListPartitionReassignmentsResponse.OngoingTopicReassignment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Tells which partitions are on their way to other brokers (KIP-455).
 *
 * <p>Threading: safe.
 */
public final class ListPartitionReassignmentsHandler
        implements ApiHandler<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse> {

    private final ImageFollower follower;

    public ListPartitionReassignmentsHandler(ImageFollower follower) {
        this.follower = follower;
    }

    @Override
    public ApiKey api() {
        return ApiKey.LIST_PARTITION_REASSIGNMENTS;
    }

    @Override
    public void handle(
            RequestContext context,
            ListPartitionReassignmentsRequest request,
            Reply<ListPartitionReassignmentsResponse> reply) {
        ClusterImage image = follower.image();
        List<OngoingTopicReassignment> ongoing = new ArrayList<>();
        if (request.topics() == null) {
            image.topics().forEach(topic -> add(topic, index -> true, ongoing));
        } else {
            for (ListPartitionReassignmentsTopics wanted : request.topics()) {
                TopicImage topic = image.topic(wanted.name());
                if (topic != null) {
                    add(topic, wanted.partitionIndexes()::contains, ongoing);
                }
            }
        }
        reply.send(new ListPartitionReassignmentsResponse().errorMessage(null).topics(ongoing));
    }

    private static void add(TopicImage topic, Predicate<Integer> isWanted, List<OngoingTopicReassignment> ongoing) {
        List<OngoingPartitionReassignment> partitions = new ArrayList<>();
        for (PartitionImage partition : topic.partitions()) {
            Assignment assignment = partition.assignment();
            if (assignment.isReassigning() && isWanted.test(partition.index())) {
                partitions.add(new OngoingPartitionReassignment()
                        .partitionIndex(partition.index())
                        .replicas(assignment.replicas())
                        .addingReplicas(assignment.adding())
                        .removingReplicas(assignment.removing()));
            }
        }
        if (!partitions.isEmpty()) {
            ongoing.add(new OngoingTopicReassignment().name(topic.name()).partitions(partitions));
        }
    }
}
