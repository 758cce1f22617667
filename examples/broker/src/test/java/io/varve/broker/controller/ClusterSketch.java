// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.PartitionState;
import io.varve.broker.metadata.Successors;
import io.varve.broker.metadata.TopicImage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A cluster for decisions to look at, in few words. Broker N has the broker epoch 100 + N. */
final class ClusterSketch {

    private final List<BrokerImage> brokers = new ArrayList<>();
    private final Map<String, TopicImage> topics = new TreeMap<>();
    private TopicRules rules = new TopicRules(1, false);

    /** A cluster of brokers with these numbers. */
    static ClusterSketch ofBrokers(int... ids) {
        ClusterSketch sketch = new ClusterSketch();
        for (int id : ids) {
            sketch.broker(id, null);
        }
        return sketch;
    }

    ClusterSketch broker(int id, @Nullable String rack) {
        brokers.add(new BrokerImage(id, 100 + id, List.of(), rack));
        return this;
    }

    /** For topics that follow. */
    ClusterSketch rules(int minInSync, boolean uncleanElection) {
        rules = new TopicRules(minInSync, uncleanElection);
        return this;
    }

    /** A topic whose partitions are all led by their first replicas, with all in sync. */
    ClusterSketch topic(String name, List<List<Integer>> assignment) {
        List<PartitionImage> partitions = new ArrayList<>();
        for (List<Integer> replicas : assignment) {
            partitions.add(PartitionImage.first(
                    partitions.size(), replicas, PartitionState.first(replicas.get(0), replicas, rules.minInSync())));
        }
        topics.put(name, new TopicImage(name, id(name), partitions));
        return this;
    }

    /** Topic t of one partition with leader epoch 5 and partition epoch 7. */
    ClusterSketch partition(int leader, List<Integer> replicas, List<Integer> isr, List<Integer> eligible) {
        return partition(
                Assignment.of(replicas),
                new PartitionState(leader, 5, isr, successors(eligible), rules.minInSync(), false));
    }

    ClusterSketch partition(Assignment assignment, PartitionState state) {
        topics.put("t", new TopicImage("t", id("t"), List.of(new PartitionImage(0, assignment, state, 7))));
        return this;
    }

    private static Successors successors(List<Integer> eligible) {
        return new Successors(eligible, ClusterImage.NOBODY);
    }

    static UUID id(String topic) {
        return UUID.nameUUIDFromBytes(topic.getBytes(StandardCharsets.UTF_8));
    }

    Situation situation() {
        ClusterImage image = ClusterImage.EMPTY.with("c", 1, brokers, 1).withTopics(topics, 1);
        return new Situation(image, BrokerStates.of(image), topic -> rules);
    }
}
