// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.agent.QuorumNode;
import io.varve.coordination.agent.SessionListener;
import io.varve.coordination.agent.TreeListener;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.NodeStat;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreeResult;
import io.varve.log.storage.MemoryStorage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ImageFollowerTest {

    private static final String CLUSTER = "cluster";

    private final QuorumNode coordinator = QuorumNode.open(new MemoryStorage(), new MemoryStorage());
    private final Coordinator writer = coordinator.openSession();
    private final Interrupted session = new Interrupted(coordinator.openSession());
    private final ImageFollower follower = new ImageFollower(session, CLUSTER);

    @BeforeEach
    void start() throws Exception {
        for (String path : TreeLayout.PERSISTENT) {
            get(writer.create(path, new byte[0], CreateMode.PERSISTENT));
        }
        get(writer.create(TreeLayout.CLUSTER_ID, TreeLayout.clusterId(CLUSTER), CreateMode.PERSISTENT));
        configure("there", "1");
        configure("goes", "1");
        get(follower.start());
    }

    @AfterEach
    void close() {
        follower.close();
        coordinator.close();
    }

    @Test
    void shouldFollowChanges() throws Exception {
        configure("comes", "1");
        get(writer.delete(TreeLayout.topicConfig("goes"), -1));

        assertThat(configs()).isEqualTo(Map.of("there", "1", "comes", "1"));
    }

    @Test
    void shouldKeepATopicThatCannotBeUnderstoodAnyMore() throws Exception {
        String topic = TreeLayout.topic("t");
        String state = TreeLayout.partitionState("t", 0);
        byte[] node = TreeLayout.topic(new UUID(1, 2), List.of(Assignment.of(List.of(0))));
        for (String parent : List.of(topic + "/partitions", topic + "/partitions/0")) {
            if (parent.endsWith("partitions")) {
                get(writer.create(topic, node, CreateMode.PERSISTENT));
            }
            get(writer.create(parent, new byte[0], CreateMode.PERSISTENT));
        }
        byte[] led = "{\"leader\":0,\"leader_epoch\":3,\"isr\":[0]}".getBytes(StandardCharsets.UTF_8);
        get(writer.create(state, led, CreateMode.PERSISTENT));
        TopicImage known = get(follower.settled()).topic("t");
        assertThat(known).isNotNull();

        get(writer.set(state, "what is this".getBytes(StandardCharsets.UTF_8), -1));
        assertThat(get(follower.settled()).topic("t")).isEqualTo(known);
        get(writer.set(topic, "and this".getBytes(StandardCharsets.UTF_8), -1));
        assertThat(get(follower.settled()).topic("t")).isEqualTo(known);

        get(writer.set(topic, node, -1));
        get(writer.set(state, led, -1));
        assertThat(get(follower.settled()).topic("t")).isNotNull().isNotEqualTo(known);
    }

    @Test
    void shouldReadAnewWhatItMayHaveMissed() throws Exception {
        session.deaf = true;
        configure("comes", "1");
        get(writer.delete(TreeLayout.topicConfig("goes"), -1));
        get(writer.set(TreeLayout.topicConfig("there"), config("2"), -1));
        assertThat(configs()).isEqualTo(Map.of("there", "1", "goes", "1"));

        session.deaf = false;
        get(session.resume());

        assertThat(configs()).isEqualTo(Map.of("there", "2", "comes", "1"));
    }

    @Test
    void shouldKeepItsImageWhenTheTreeBecomesAnothers() throws Exception {
        get(writer.set(TreeLayout.CLUSTER_ID, TreeLayout.clusterId("other"), -1));
        get(writer.delete(TreeLayout.topicConfig("there"), -1));

        assertThatThrownBy(() -> get(follower.settled())).hasMessageContaining("clusterId=cluster, found=other");
        assertThat(follower.image().configs().topics()).containsOnlyKeys("there", "goes");

        get(writer.set(TreeLayout.CLUSTER_ID, TreeLayout.clusterId(CLUSTER), -1));

        assertThat(configs()).isEqualTo(Map.of("goes", "1"));
    }

    @Test
    void shouldTellANewListenerWhatThereIs() throws Exception {
        List<ClusterImage> told = new CopyOnWriteArrayList<>();

        get(follower.listen((before, after) -> told.add(after)));

        assertThat(told).containsExactly(follower.image());
    }

    @Test
    void shouldNeverShowAStateWithTheAssignmentOfAnotherTransaction() throws Exception {
        List<PartitionImage> told = new CopyOnWriteArrayList<>();
        get(follower.listen((before, after) -> {
            TopicImage topic = after.topic("t");
            if (topic != null) {
                told.addAll(topic.partitions());
            }
        }));
        UUID id = UUID.randomUUID();
        PartitionState first = PartitionState.first(1, List.of(1, 2, 3), 1);
        PartitionState second = PartitionState.first(1, List.of(1, 2), 1);
        String state = TreeLayout.partitionState("t", 0);
        session.beforeReading(
                state,
                () -> writer.multi(List.of(
                        new TreeOp.Set(state, TreeLayout.partitionState(second, 1), 0),
                        new TreeOp.Set(TreeLayout.topic("t"), topic(id, 1, 2), -1))));

        get(writer.multi(List.of(
                new TreeOp.Create(TreeLayout.topic("t"), topic(id, 1, 2, 3), CreateMode.PERSISTENT),
                node(TreeLayout.topic("t") + "/partitions"),
                node(TreeLayout.topic("t") + "/partitions/0"),
                new TreeOp.Create(state, TreeLayout.partitionState(first, 1), CreateMode.PERSISTENT))));
        get(follower.settled());

        assertThat(told)
                .contains(new PartitionImage(0, Assignment.of(List.of(1, 2)), second, 1))
                .doesNotContain(new PartitionImage(0, Assignment.of(List.of(1, 2, 3)), second, 1));
    }

    private static byte[] topic(UUID id, Integer... replicas) {
        return TreeLayout.topic(id, List.of(Assignment.of(List.of(replicas))));
    }

    private static TreeOp node(String path) {
        return new TreeOp.Create(path, new byte[0], CreateMode.PERSISTENT);
    }

    private Map<String, String> configs() throws Exception {
        Map<String, Map<String, String>> topics =
                get(follower.settled()).configs().topics();
        return topics.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue()
                .get("retention.ms")));
    }

    private void configure(String topic, String value) throws Exception {
        get(writer.create(TreeLayout.topicConfig(topic), config(value), CreateMode.PERSISTENT));
    }

    private static byte[] config(String value) {
        return TreeLayout.config(Map.of("retention.ms", value));
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    /** A session that hears nothing for a while, as one whose connection is broken. */
    private static final class Interrupted implements Coordinator {

        private final Coordinator session;
        private volatile boolean deaf;
        private final Map<String, Supplier<CompletionStage<?>>> beforeReading = new ConcurrentHashMap<>();
        private TreeListener listener = (change, path, zxid) -> {};

        Interrupted(Coordinator session) {
            this.session = session;
        }

        /** Lets something happen once, before a node is read. */
        void beforeReading(String path, Supplier<CompletionStage<?>> event) {
            beforeReading.put(path, event);
        }

        /** Tells, on the coordinator's thread, that changes may have been missed. */
        CompletionStage<Void> resume() {
            return session.get("/").thenAccept(node -> listener.onChange(TreeListener.Change.MISSED, "/", 0));
        }

        @Override
        public CompletionStage<AutoCloseable> watch(String path, TreeListener watching) {
            listener = watching;
            return session.watch(path, (change, changed, zxid) -> {
                if (!deaf) {
                    watching.onChange(change, changed, zxid);
                }
            });
        }

        @Override
        public CompletionStage<String> create(String path, byte[] data, CreateMode mode) {
            return session.create(path, data, mode);
        }

        @Override
        public CompletionStage<NodeStat> set(String path, byte[] data, int expectedVersion) {
            return session.set(path, data, expectedVersion);
        }

        @Override
        public CompletionStage<Void> delete(String path, int expectedVersion) {
            return session.delete(path, expectedVersion);
        }

        @Override
        public CompletionStage<Node> get(String path) {
            Supplier<CompletionStage<?>> event = beforeReading.remove(path);
            return event == null ? session.get(path) : event.get().thenCompose(done -> session.get(path));
        }

        @Override
        public CompletionStage<List<String>> children(String path) {
            return session.children(path);
        }

        @Override
        public CompletionStage<List<TreeResult>> multi(List<TreeOp> operations) {
            return session.multi(operations);
        }

        @Override
        public long sessionId() {
            return session.sessionId();
        }

        @Override
        public AutoCloseable onSessionState(SessionListener stateListener) {
            return session.onSessionState(stateListener);
        }

        @Override
        public void close() {
            session.close();
        }
    }
}
