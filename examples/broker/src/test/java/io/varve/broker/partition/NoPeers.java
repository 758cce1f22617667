// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.replication.partition.IsrProposal;
import io.varve.replication.partition.PartitionEvent.IsrRefusal;
import io.varve.replication.partition.ReplicaFetch;
import java.util.UUID;
import java.util.function.Consumer;

/** For a broker that is alone. */
public final class NoPeers implements Peers {

    @Override
    public void fetch(int leader, ReplicaFetch fetch, Follower follower) {
        throw new AssertionError("nobody to fetch from: leader=" + leader);
    }

    @Override
    public void propose(TopicPartition id, UUID topicId, IsrProposal proposal, Consumer<IsrRefusal> refused) {
        throw new AssertionError("nobody to join: proposal=" + proposal);
    }
}
