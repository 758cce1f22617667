// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * All that a decision of the controller looks at. Equal situations give equal decisions, so that whoever is elected next goes on where
 * the last controller stopped.
 *
 * <p>Threading: immutable.
 *
 * @param image the cluster; settled, so that a topic and the states of its partitions are of one transaction
 * @param brokers the brokers
 * @param rules the rules of a topic by its name
 */
record Situation(ClusterImage image, BrokerStates brokers, Function<String, TopicRules> rules) {

    /** This situation with another image. */
    Situation with(ClusterImage other) {
        return new Situation(other, brokers, rules);
    }

    /** This situation with other brokers. */
    Situation with(BrokerStates others) {
        return new Situation(image, others, rules);
    }

    /**
     * Begins a change of a partition.
     *
     * @throws RequestException with UNKNOWN_TOPIC_OR_PARTITION when there is none
     */
    PartitionRevision revise(String topic, int index) {
        TopicImage found = image.topic(topic);
        PartitionImage partition = found == null ? null : found.partition(index);
        if (found == null || partition == null) {
            throw new RequestException(
                    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "There is no partition " + topic + "-" + index + ".");
        }
        return revise(found, partition);
    }

    PartitionRevision revise(TopicImage topic, PartitionImage partition) {
        return new PartitionRevision(topic, partition, brokers, rules.apply(topic.name()));
    }

    /** What is decided for each partition, where something is. */
    List<PartitionChange> forEach(BiFunction<TopicImage, PartitionImage, Optional<PartitionChange>> decision) {
        List<PartitionChange> changes = new ArrayList<>();
        for (TopicImage topic : image.topics()) {
            for (PartitionImage partition : topic.partitions()) {
                decision.apply(topic, partition).ifPresent(changes::add);
            }
        }
        return changes;
    }
}
