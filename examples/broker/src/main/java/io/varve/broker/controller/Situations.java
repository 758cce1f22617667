// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.TopicImage;
import java.util.HashMap;
import java.util.Map;

/**
 * Makes situations of the image and of what is configured.
 *
 * <p>Threading: safe.
 */
final class Situations {

    private final ImageFollower follower;
    private final ConfigValues values;

    Situations(ImageFollower follower, ConfigValues values) {
        this.follower = follower;
        this.values = values;
    }

    /** What decisions look at now. */
    Situation present() {
        ClusterImage image = follower.image();
        Map<String, TopicRules> rules = new HashMap<>();
        return new Situation(
                image,
                brokers(image),
                name -> rules.computeIfAbsent(name, topic -> rules(image, topic, image.topicConfig(topic))));
    }

    private BrokerStates brokers(ClusterImage image) {
        BrokerStates brokers = BrokerStates.of(image);
        for (String id : cluster(image).listValue("draining.brokers")) {
            brokers = brokers.withDraining(Integer.parseInt(id));
        }
        return brokers;
    }

    /** What is configured for all brokers. */
    private ConfigValues cluster(ClusterImage image) {
        return values.withDynamic(image.defaultBrokerConfig(), Map.of());
    }

    /** The rules of a topic with this configuration. */
    TopicRules rules(ClusterImage image, String name, Map<String, String> topicConfig) {
        ConfigValues topic = cluster(image).forTopic(topicConfig);
        return new TopicRules(
                topic.intValue("min.insync.replicas"),
                topic.booleanValue("unclean.leader.election.enable"),
                TopicImage.isInternal(name) ? values.intValue("offsets.topic.replication.factor") : 1);
    }
}
