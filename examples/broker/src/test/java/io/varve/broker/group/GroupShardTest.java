// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.controller.ClusterSetup;
import io.varve.broker.controller.Controller;
import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.partition.AppendRefusedException;
import io.varve.broker.partition.CommitListener;
import io.varve.broker.partition.Lanes;
import io.varve.broker.partition.NoPeers;
import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Partitions;
import io.varve.broker.partition.Timer;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.storage.LogDirectories;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.agent.QuorumNode;
import io.varve.log.batch.BatchBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shard on a real partition, lane and timer. */
class GroupShardTest {

    private static final GroupConfig CONFIG =
            new GroupConfig(10, 60_000, 0, 100, 100, 1_000_000, 1_000_000, 5000, TestConfigs.CONSUMER);
    private static final String TOPIC = GroupCoordinator.TOPIC;
    private static final String GROUP = "g";

    @TempDir
    Path directory;

    private final Lanes lanes = new Lanes(1);
    private final Timer timer = new Timer();
    private LogDirectories directories;
    private QuorumNode tree;
    private ImageFollower follower;
    private Partitions partitions;
    private Partition partition;

    @BeforeEach
    void openPartition() {
        String data = directory.resolve("data").toString();
        ConfigValues values = ConfigValues.of(Map.of("log.dirs", data));
        directories = LogDirectories.open(List.of(data), 0);
        tree = QuorumNode.open(directories.first().resolve("quorum"));
        Coordinator session = tree.openSession();
        partitions = new Partitions(0, lanes, directories, values, new NoPeers());
        done(new ClusterSetup(session).create("cluster"));
        directories.join("cluster");
        follower = new ImageFollower(session, "cluster");
        Controller controller = new Controller(0, session, follower, partitions, values);
        done(follower.start());
        done(follower.listen(partitions));
        done(controller.elect());
        done(controller.register(new BrokerImage(
                0, List.of(new BrokerImage.Endpoint("PLAINTEXT", "PLAINTEXT", "localhost", 9092)), null)));
        done(follower.settled());
        done(controller.createTopic(new Controller.NewTopic(TOPIC, 1, 1, List.of(), Map.of()), false));
        done(partitions.settled());
        partition = partitions.find(TOPIC, 0);
    }

    private static void done(CompletionStage<?> stage) {
        stage.toCompletableFuture().join();
    }

    @AfterEach
    void close() {
        timer.close();
        follower.close();
        partitions.close();
        lanes.close();
        tree.close();
        directories.close();
    }

    @Test
    void shouldServeAtOnceWhenThereIsNothingToLoad() {
        GroupShard shard = onLane(this::opened);

        assertThat(error(commit(shard, 1))).isEqualTo(ErrorCode.NONE);
        assertThat(offset(shard)).isEqualTo(1);
        assertThat(offset(onLane(this::opened))).isEqualTo(1);
    }

    @Test
    void shouldLoadInStepsAndSaySoMeanwhile() {
        fill(2 * GroupLoad.RECORDS_PER_STEP + 1);

        // The lane has the first step, then the commit, and only then the second step.
        CompletableFuture<CompletableFuture<GroupAnswer>> early = new CompletableFuture<>();
        GroupShard shard = onLane(() -> {
            GroupShard loading = opened();
            early.complete(commit(loading, 7));
            return loading;
        });

        assertThat(ErrorMapping.of(catchThrowable(early.join()::join)))
                .isEqualTo(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
        Awaitility.await().ignoreExceptions().until(() -> offset(shard) == 2L * GroupLoad.RECORDS_PER_STEP);
        assertThat(error(commit(shard, 8))).isEqualTo(ErrorCode.NONE);
    }

    @Test
    void shouldCarryOutAfterLoadingWhatItIsToldMeanwhile() {
        fill(GroupLoad.RECORDS_PER_STEP + 1);

        GroupShard shard = onLane(() -> {
            GroupShard loading = opened();
            loading.tell(new GroupCommand.ForgetTopics(Set.of("t")));
            return loading;
        });

        Awaitility.await().ignoreExceptions().until(() -> shard.read(
                        machine -> machine.offsets(GROUP).isEmpty())
                .join());
        GroupShard again = onLane(this::opened);
        Awaitility.await().ignoreExceptions().until(() -> !again.read(machine -> machine.exists(GROUP))
                .join());
    }

    @Test
    void shouldEndSessionsByItselfOneAfterTheOther() {
        GroupShard shard = onLane(this::opened);
        join(shard, "late", 200).join();
        join(shard, "early", 20).join();

        // The later deadline is set first and must come although an earlier one took its place.
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> isEmpty(shard, "early"));
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> isEmpty(shard, "late"));
        // That the groups became empty is stored.
        assertThat(partition.log().endOffset()).isEqualTo(2);
    }

    private static boolean isEmpty(GroupShard shard, String groupId) {
        return shard.read(machine -> machine.group(groupId).state() == Group.State.EMPTY)
                .join();
    }

    @Test
    void shouldSendWhoeverWaitsToAnotherCoordinatorWhenThePartitionGoes() throws Exception {
        GroupShard shard = onLane(this::opened);
        join(shard, GROUP, 60_000).join();
        CompletableFuture<GroupAnswer> waiting = join(shard, GROUP, 60_000);
        shard.read(GroupMachine::groups).get(10, TimeUnit.SECONDS);
        assertThat(waiting).isNotDone();

        onLane(() -> {
            shard.close();
            return shard;
        });

        assertThat(ErrorMapping.of(catchThrowable(waiting::join))).isEqualTo(ErrorCode.NOT_COORDINATOR);
        assertThat(ErrorMapping.of(catchThrowable(commit(shard, 1)::join))).isEqualTo(ErrorCode.NOT_COORDINATOR);
    }

    private GroupShard opened() {
        GroupShard shard = new GroupShard(partition, CONFIG, timer, () -> Topics.NONE);
        shard.open();
        return shard;
    }

    private GroupShard onLane(Supplier<GroupShard> work) {
        return CompletableFuture.supplyAsync(work, partition.lane()).join();
    }

    private void fill(int records) {
        CompletableFuture.runAsync(
                        () -> {
                            for (int from = 0; from < records; from += 1000) {
                                BatchBuilder batch = new BatchBuilder();
                                for (int i = from; i < Math.min(records, from + 1000); i++) {
                                    GroupRecords.Stored stored = GroupRecords.encode(new GroupEvent.OffsetCommitted(
                                            GROUP, new TopicPartition("t", 0), new CommittedOffset(i, -1, "", i)));
                                    batch.add(stored.key(), stored.value());
                                }
                                partition.append(batch.build(), new NoListener());
                            }
                        },
                        partition.lane())
                .join();
    }

    private static CompletableFuture<GroupAnswer> commit(GroupShard shard, long offset) {
        return shard.submit(requestId -> new GroupCommand.Commit(
                requestId,
                GROUP,
                new GroupCommand.Identity("", null),
                -1,
                Map.of(new TopicPartition("t", 0), new CommittedOffset(offset, -1, "", 0))));
    }

    private static ErrorCode error(CompletableFuture<GroupAnswer> answer) {
        return ((GroupAnswer.ByPartition) answer.join()).errors().get(new TopicPartition("t", 0));
    }

    private static long offset(GroupShard shard) {
        return shard.read(machine ->
                        machine.offsets(GROUP).get(new TopicPartition("t", 0)).offset())
                .join();
    }

    private static CompletableFuture<GroupAnswer> join(GroupShard shard, String groupId, int sessionMs) {
        return shard.submit(requestId -> new GroupCommand.Join(
                requestId,
                groupId,
                new GroupCommand.Identity("", null),
                new GroupCommand.Client("c", "/h"),
                new GroupCommand.Timeouts(sessionMs, sessionMs),
                "consumer",
                List.of(new GroupCommand.Protocol("range", new byte[0])),
                "m-" + requestId,
                new GroupCommand.Abilities(false, false)));
    }

    private static final class NoListener implements CommitListener {

        @Override
        public void onCommitted() {}

        @Override
        public void onFailed(AppendRefusedException reason) {}
    }
}
