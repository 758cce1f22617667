// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.replication.partition.IsrProposal;
import io.varve.replication.partition.PartitionEvent.IsrRefusal;
import io.varve.replication.partition.ReplicaFetch;
import java.util.UUID;
import java.util.function.Consumer;

/** What a partition asks of others. What gets lost on the way it asks again. Threading: safe; nothing waits. */
public interface Peers {

    /** Fetches from a leader; the answer goes to the follower. */
    void fetch(int leader, ReplicaFetch fetch, Follower follower);

    /**
     * Proposes replicas in sync. That they are accepted the image shows.
     *
     * @param refused is told when they are not, on any thread
     */
    void propose(TopicPartition id, UUID topicId, IsrProposal proposal, Consumer<IsrRefusal> refused);
}
