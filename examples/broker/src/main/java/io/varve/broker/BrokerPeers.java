// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker;

import io.varve.broker.controller.IsrOutcome;
import io.varve.broker.controller.IsrWriter;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.partition.Follower;
import io.varve.broker.partition.Peers;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.replica.Fetchers;
import io.varve.broker.replica.FetchersConfig;
import io.varve.replication.partition.IsrProposal;
import io.varve.replication.partition.PartitionEvent.IsrRefusal;
import io.varve.replication.partition.ReplicaFetch;
import io.varve.replication.transport.Transport;
import java.net.InetSocketAddress;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The other brokers and the tree, as partitions need them.
 *
 * <p>Threading: safe.
 */
final class BrokerPeers implements Peers, AutoCloseable {

    private final ImageFollower follower;
    private final String listener;
    private final Fetchers fetchers;
    private final IsrWriter isrWriter;

    /**
     * @param listener name of the listener on which brokers reach each other
     */
    BrokerPeers(
            Transport transport, FetchersConfig config, String listener, ImageFollower follower, IsrWriter isrWriter) {
        this.follower = follower;
        this.listener = listener;
        this.fetchers = new Fetchers(transport, config, this::address);
        this.isrWriter = isrWriter;
    }

    private @Nullable InetSocketAddress address(int id) {
        BrokerImage broker = follower.image().broker(id);
        BrokerImage.Endpoint endpoint = broker == null ? null : broker.endpoint(listener);
        return endpoint == null ? null : InetSocketAddress.createUnresolved(endpoint.host(), endpoint.port());
    }

    @Override
    public void fetch(int leader, ReplicaFetch fetch, Follower partition) {
        fetchers.fetch(leader, fetch, partition);
    }

    @Override
    public void propose(TopicPartition id, UUID topicId, IsrProposal proposal, Consumer<IsrRefusal> refused) {
        isrWriter.propose(id, topicId, proposal).thenAccept(outcome -> {
            if (outcome == IsrOutcome.STALE) {
                refused.accept(IsrRefusal.STALE);
            } else if (outcome == IsrOutcome.INELIGIBLE) {
                refused.accept(IsrRefusal.INELIGIBLE);
            }
            // What was written the image shows, and what has failed is proposed again.
        });
    }

    /** Brokers may have come, gone or moved. */
    void onImage(ClusterImage before, ClusterImage after) {
        if (!before.brokers().equals(after.brokers())) {
            fetchers.relocate();
        }
    }

    @Override
    public void close() {
        fetchers.close();
    }
}
