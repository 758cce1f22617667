// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as of one transaction of the tree: brokers, topics, configurations. A request works with one image from beginning to
 * end.
 *
 * <p>Threading: immutable.
 */
public final class ClusterImage {

    /** Stands for the controller, or for the leader of a partition, while there is none. */
    public static final int NOBODY = -1;

    /** The image before anything was read. */
    public static final ClusterImage EMPTY =
            new ClusterImage("", NOBODY, Brokers.NONE, new TreeMap<>(), new ConfigImage(Map.of(), Map.of()), 0);

    private final String clusterId;
    private final int controllerId;
    private final Brokers brokers;
    private final Map<String, TopicImage> topics;
    private final Map<UUID, TopicImage> topicsById = new HashMap<>();
    private final ConfigImage configs;
    private final long zxid;

    private ClusterImage(
            String clusterId,
            int controllerId,
            Brokers brokers,
            Map<String, TopicImage> topics,
            ConfigImage configs,
            long zxid) {
        this.clusterId = clusterId;
        this.controllerId = controllerId;
        this.brokers = brokers;
        this.topics = Collections.unmodifiableMap(topics);
        this.configs = configs;
        this.zxid = zxid;
        topics.values().forEach(topic -> topicsById.put(topic.id(), topic));
    }

    /**
     * The brokers that live.
     *
     * @param registrations as {@link ClusterImage#registrations}
     * @param all by their numbers
     */
    record Brokers(int registrations, List<BrokerImage> all) {

        static final Brokers NONE = new Brokers(0, List.of());

        Brokers {
            all = List.copyOf(all);
        }
    }

    /** Configurations by the name of what they are about. */
    record ConfigImage(Map<String, Map<String, String>> topics, Map<String, Map<String, String>> brokers) {}

    /** This image with the cluster's id, controller and brokers changed. */
    public ClusterImage with(String newClusterId, int newControllerId, List<BrokerImage> newBrokers, long newZxid) {
        return with(newClusterId, newControllerId, new Brokers(brokers.registrations, newBrokers), newZxid);
    }

    ClusterImage with(String newClusterId, int newControllerId, Brokers newBrokers, long newZxid) {
        return new ClusterImage(newClusterId, newControllerId, newBrokers, topics, configs, newZxid);
    }

    /** This image with other topics, by their names. */
    public ClusterImage withTopics(Map<String, TopicImage> newTopics, long newZxid) {
        return new ClusterImage(clusterId, controllerId, brokers, newTopics, configs, newZxid);
    }

    ClusterImage withConfigs(ConfigImage newConfigs, long newZxid) {
        return new ClusterImage(clusterId, controllerId, brokers, topics, newConfigs, newZxid);
    }

    ConfigImage configs() {
        return configs;
    }

    /** All topics by their names. */
    public Map<String, TopicImage> topicsByName() {
        return topics;
    }

    /** The id of the cluster. */
    public String clusterId() {
        return clusterId;
    }

    /** The broker that is the controller, {@link #NOBODY} when there is none. */
    public int controllerId() {
        return controllerId;
    }

    /** The brokers that live, by their numbers. */
    public List<BrokerImage> brokers() {
        return brokers.all;
    }

    /** A broker that lives, null when there is none of this number. */
    public @Nullable BrokerImage broker(int id) {
        for (BrokerImage broker : brokers.all) {
            if (broker.id() == id) {
                return broker;
            }
        }
        return null;
    }

    /**
     * Version of the node that every registration changes, as it was before the brokers were read: as long as it is the same in the tree
     * no broker has registered that the image does not show.
     */
    public int registrations() {
        return brokers.registrations;
    }

    /** Whether a broker lives and is reached by a listener of this name. */
    public boolean isReached(int brokerId, String listener) {
        BrokerImage broker = broker(brokerId);
        return broker != null && broker.endpoint(listener) != null;
    }

    /** A topic, null when there is none of this name. */
    public @Nullable TopicImage topic(String name) {
        return topics.get(name);
    }

    /** A topic, null when there is none with this id. */
    public @Nullable TopicImage topic(UUID id) {
        return topicsById.get(id);
    }

    /** All topics, by their names. */
    public Collection<TopicImage> topics() {
        return topics.values();
    }

    /** What was set for a topic. */
    public Map<String, String> topicConfig(String name) {
        return configs.topics().getOrDefault(name, Map.of());
    }

    /** What was set for a broker while it runs. */
    public Map<String, String> brokerConfig(int id) {
        return configs.brokers().getOrDefault(Integer.toString(id), Map.of());
    }

    /** What was set for all brokers while they run. */
    public Map<String, String> defaultBrokerConfig() {
        return configs.brokers().getOrDefault(TreeLayout.DEFAULT_ENTITY, Map.of());
    }

    /** Whether a topic has a node for its configuration. */
    public boolean hasTopicConfig(String topic) {
        return configs.topics().containsKey(topic);
    }

    /** The last transaction that is in the image. */
    public long zxid() {
        return zxid;
    }
}
