// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.config.ConfigValues;
import io.varve.log.LogException;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.StorageException;
import io.varve.replication.partition.BrokerPresence;
import io.varve.replication.partition.Durability;
import io.varve.replication.partition.IsrProposal;
import io.varve.replication.partition.PartitionEvent.IsrRefusal;
import io.varve.replication.partition.PartitionState;
import io.varve.replication.partition.ReplicaConfig;
import io.varve.replication.partition.ReplicaFetch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A replica whose log has failed asks its leader for nothing, or it would seem to be in sync whenever nothing is appended. */
class FailedLogTest {

    private static final TopicPartition ID = new TopicPartition("t", 0);

    private final MemoryStorage storage = new MemoryStorage();
    private final List<ReplicaFetch> fetches = new ArrayList<>();

    /** Notes what is fetched. */
    private final class Leader implements Peers {

        @Override
        public void fetch(int leader, ReplicaFetch fetch, Follower follower) {
            fetches.add(fetch);
        }

        @Override
        public void propose(TopicPartition id, UUID topicId, IsrProposal proposal, Consumer<IsrRefusal> refused) {
            throw new AssertionError("a follower proposes nothing");
        }
    }

    @Test
    void shouldNotFetchIntoALogThatHasFailed() {
        try (Lane lane = new Lane(0)) {
            run(lane, () -> {
                Partition partition = open(lane);
                partition.registered(7);
                partition.told(following(0), brokers());
                assertThat(fetches).hasSize(1);

                fail(partition);
                partition.told(following(1), brokers());

                assertThat(partition.log().isFailed()).isTrue();
                assertThat(fetches).hasSize(1);
                partition.close();
            });
        }
    }

    private static void run(Lane lane, Runnable work) {
        CompletableFuture.runAsync(work, lane).join();
    }

    private Partition open(Lane lane) {
        ConfigValues values = ConfigValues.of(Map.of());
        PartitionConfig config = PartitionConfig.of(values.forTopic(Map.of()), values);
        ReplicaConfig replica = new ReplicaConfig(1, Durability.WRITTEN, 1_000_000_000, 1_000_000);
        return Partition.of(
                ID,
                new UUID(1, 2),
                lane,
                new PartitionLog(storage, config.log()),
                0,
                new PartitionContext(config, replica, new Leader(), List.of()));
    }

    private void fail(Partition partition) {
        storage.forceFails(true);
        try {
            partition.log().append("x".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            partition.log().flush();
        } catch (LogException | StorageException e) {
            assertThat(e).isNotNull();
        }
    }

    private static PartitionState following(int leaderEpoch) {
        return new PartitionState(List.of(2, 1), new TreeSet<>(List.of(2)), 2, 8, leaderEpoch, leaderEpoch, 1);
    }

    private static Map<Integer, BrokerPresence> brokers() {
        return Map.of(1, new BrokerPresence(7, null, true), 2, new BrokerPresence(8, null, true));
    }
}
