// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.metadata.Assignment;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.PartitionState;
import io.varve.broker.metadata.Successors;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.Follower;
import io.varve.broker.partition.Lanes;
import io.varve.broker.partition.Partition;
import io.varve.broker.partition.PartitionListener;
import io.varve.broker.partition.Partitions;
import io.varve.broker.partition.Peers;
import io.varve.broker.partition.Timer;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.storage.LogDirectories;
import io.varve.replication.partition.EpochEnd;
import io.varve.replication.partition.IsrProposal;
import io.varve.replication.partition.PartitionEvent.IsrRefusal;
import io.varve.replication.partition.ReplicaFetch;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shard on a partition that has another replica, whose part the test plays. */
class ReplicatedGroupShardTest {

    private static final int OTHER = 1;
    private static final long OTHER_EPOCH = 12;
    private static final int MIN_IN_SYNC = 2;
    private static final String TOPIC = GroupCoordinator.TOPIC;
    private static final TopicPartition PARTITION = new TopicPartition("t", 0);

    @TempDir
    Path directory;

    private final Lanes lanes = new Lanes(1);
    private final Timer timer = new Timer();
    private final UUID topicId = UUID.randomUUID();
    private int commitTimeoutMs = 600_000;
    private LogDirectories directories;
    private Partitions partitions;
    private ClusterImage image = ClusterImage.EMPTY;
    private int leaderEpoch;
    private int changes;
    private volatile GroupShard shard;

    @BeforeEach
    void open() {
        String data = directory.resolve("data").toString();
        directories = LogDirectories.open(List.of(data), 0);
        directories.join("cluster");
        ConfigValues values =
                ConfigValues.of(Map.of("log.dirs", data, "min.insync.replicas", String.valueOf(MIN_IN_SYNC)));
        partitions = new Partitions(0, lanes, directories, values, new DeafPeers());
        partitions.listen(new PartitionListener() {
            @Override
            public void onLeading(Partition partition) {
                shard = new GroupShard(partition, config(), timer, () -> Topics.NONE);
                shard.open();
            }

            @Override
            public void onResigned(Partition partition) {
                shard.close();
            }
        });
    }

    private GroupConfig config() {
        return new GroupConfig(10, 60_000, 0, 100, 100, 1_000_000, 1_000_000, commitTimeoutMs, TestConfigs.CONSUMER);
    }

    private static final class DeafPeers implements Peers {

        @Override
        public void fetch(int leader, ReplicaFetch fetch, Follower follower) {}

        @Override
        public void propose(TopicPartition id, UUID ofTopic, IsrProposal proposal, Consumer<IsrRefusal> refused) {}
    }

    @AfterEach
    void close() {
        timer.close();
        partitions.close();
        lanes.close();
        directories.close();
    }

    @Test
    void shouldAnswerWhenTheReplicasInSyncHaveIt() {
        lead(0, OTHER);

        CompletableFuture<GroupAnswer> commit = commit(7);
        CompletableFuture<Long> look = look();
        settle();
        assertThat(commit).isNotDone();
        assertThat(look).as("what another could lose is not shown").isNotDone();
        otherHas(1);

        assertThat(error(commit)).isEqualTo(ErrorCode.NONE);
        assertThat(look).isCompletedWithValue(7L);
        assertThat(look().join()).as("all is committed").isEqualTo(7);
    }

    @Test
    void shouldGiveUpWhoeverWaitsTooLong() throws Exception {
        commitTimeoutMs = 20;
        lead(0, OTHER);

        CompletableFuture<GroupAnswer> commit = commit(7);

        assertThat(failure(commit)).isEqualTo(ErrorCode.COORDINATOR_NOT_AVAILABLE);
        otherHas(1);
        assertThat(look().get(30, TimeUnit.SECONDS))
                .as("it is done nevertheless")
                .isEqualTo(7);
    }

    @Test
    void shouldRefuseWhatTooFewReplicasWouldHave() {
        lead(0);

        assertThat(failure(commit(7))).isEqualTo(ErrorCode.COORDINATOR_NOT_AVAILABLE);
        assertThat(look().join()).as("nothing has come of it").isEqualTo(-1);
    }

    @Test
    void shouldSendWhoeverWaitsToTheNextLeader() {
        lead(0, OTHER);
        CompletableFuture<GroupAnswer> commit = commit(7);
        settle();

        change(OTHER, 0, OTHER);

        assertThat(failure(commit)).isEqualTo(ErrorCode.NOT_COORDINATOR);
        assertThat(failure(look())).isEqualTo(ErrorCode.NOT_COORDINATOR);
    }

    @Test
    void shouldServeWhatItFoundOnlyWhenThatIsCommitted() {
        lead(0, OTHER);
        CompletableFuture<GroupAnswer> early = commit(7);
        settle();
        GroupShard before = shard;

        lead(0, OTHER);

        assertThat(shard).isNotSameAs(before);
        assertThat(failure(early)).isEqualTo(ErrorCode.NOT_COORDINATOR);
        assertThat(failure(look())).isEqualTo(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
        otherHas(1);
        assertThat(look().join()).as("it was not lost").isEqualTo(7);
    }

    /** This broker leads from now on, in another epoch. */
    private void lead(Integer... inSync) {
        change(0, inSync);
    }

    private void change(int leader, Integer... inSync) {
        leaderEpoch++;
        changes++;
        PartitionState state =
                new PartitionState(leader, leaderEpoch, List.of(inSync), Successors.NONE, MIN_IN_SYNC, false);
        PartitionImage changed = new PartitionImage(0, Assignment.of(List.of(0, OTHER)), state, changes);
        ClusterImage next = image.with("cluster", 0, List.of(broker(0, 11), broker(OTHER, OTHER_EPOCH)), changes)
                .withTopics(Map.of(TOPIC, new TopicImage(TOPIC, topicId, List.of(changed))), changes);
        partitions.onImage(image, next);
        image = next;
        partitions.settled().toCompletableFuture().join();
    }

    private static BrokerImage broker(int id, long epoch) {
        return new BrokerImage(
                id, epoch, List.of(new BrokerImage.Endpoint("PLAINTEXT", "PLAINTEXT", "localhost", 9092)), null);
    }

    /** The other replica fetches, and thereby says how far it has come. */
    private void otherHas(long endOffset) {
        Partition partition = partitions.find(TOPIC, 0);
        int lastEpoch = endOffset == 0 ? EpochEnd.NONE : 1;
        CompletableFuture.runAsync(
                        () -> partition.fetch(
                                new ReplicaFetch(1, OTHER, OTHER_EPOCH, leaderEpoch, endOffset, lastEpoch)),
                        partition.lane())
                .join();
    }

    /** What was handed over to the lane is done. */
    private void settle() {
        CompletableFuture.runAsync(() -> {}, partitions.find(TOPIC, 0).lane()).join();
    }

    private CompletableFuture<GroupAnswer> commit(long offset) {
        return shard.submit(requestId -> new GroupCommand.Commit(
                requestId,
                "g",
                new GroupCommand.Identity("", null),
                -1,
                Map.of(PARTITION, new CommittedOffset(offset, -1, "", 0))));
    }

    private CompletableFuture<Long> look() {
        return shard.read(machine -> {
            CommittedOffset committed = machine.offsets("g").get(PARTITION);
            return committed == null ? -1 : committed.offset();
        });
    }

    private static ErrorCode error(CompletableFuture<GroupAnswer> answer) {
        return ((GroupAnswer.ByPartition) answer.join()).errors().get(PARTITION);
    }

    private static ErrorCode failure(CompletableFuture<?> answer) {
        return ErrorMapping.of(
                catchThrowable(() -> answer.get(30, TimeUnit.SECONDS)).getCause());
    }
}
