// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageListener;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How fast this broker hands out records to replicas that are not in sync: those that a topic names as throttled (KIP-73), and those that a
 * reassignment adds, each kind at a rate of its own. Who is in sync is never throttled, or producers would wait for it.
 *
 * <p>Threading: safe.
 */
public final class ReplicaThrottles implements ImageListener {

    private static final String EVERY = "*";

    private final int nodeId;
    private final ConfigValues values;
    private final SharedThrottle named;
    private final SharedThrottle moved;

    /**
     * Throttles with the rates that are configured now; later ones come with the images.
     *
     * @param clock milliseconds, of which only differences matter
     */
    public ReplicaThrottles(int nodeId, ConfigValues values, ClusterImage image, LongSupplier clock) {
        this.nodeId = nodeId;
        this.values = values;
        this.named = new SharedThrottle(namedRate(image), clock);
        this.moved = new SharedThrottle(movedRate(image), clock);
    }

    private long namedRate(ClusterImage image) {
        return broker(image).longValue("leader.replication.throttled.rate");
    }

    private long movedRate(ClusterImage image) {
        return broker(image).longValue("auto.balance.throttled.rate");
    }

    private ConfigValues broker(ClusterImage image) {
        return values.withDynamic(image.defaultBrokerConfig(), image.brokerConfig(nodeId));
    }

    @Override
    public void onImage(ClusterImage before, ClusterImage after) {
        if (!before.defaultBrokerConfig().equals(after.defaultBrokerConfig())
                || !before.brokerConfig(nodeId).equals(after.brokerConfig(nodeId))) {
            named.rate(namedRate(after));
            moved.rate(movedRate(after));
        }
    }

    /** What bounds how much a replica may get of a partition that this broker leads; null when nothing does. */
    @Nullable
    SharedThrottle of(ClusterImage image, TopicImage topic, PartitionImage partition, int replica) {
        if (partition.isr().contains(replica)) {
            return null;
        } else if (isNamed(image, topic, partition.index())) {
            return named;
        }
        return partition.assignment().adding().contains(replica) ? moved : null;
    }

    private boolean isNamed(ClusterImage image, TopicImage topic, int index) {
        Map<String, String> config = image.topicConfig(topic.name());
        if (config.isEmpty()) {
            return false;
        }
        List<String> all = values.forTopic(config).listValue("leader.replication.throttled.replicas");
        return all.contains(EVERY) || all.contains(index + ":" + nodeId);
    }
}
