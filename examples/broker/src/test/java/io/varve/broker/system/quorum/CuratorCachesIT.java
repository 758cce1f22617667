// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.target.Quorum;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.NodeCache;
import org.apache.curator.framework.recipes.cache.PathChildrenCache;
import org.apache.curator.framework.recipes.cache.TreeCache;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.recipes.nodes.PersistentTtlNode;
import org.apache.curator.framework.recipes.watch.PersistentWatcher;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Curator's caches and watchers, which one client feeds and another reads; also what keeps a node in being. */
@SuppressWarnings("deprecation") // the older caches are what much of the world runs
class CuratorCachesIT {

    @TempDir
    private static Path directory;

    private static Quorum quorum;
    private static CuratorFramework writer;
    private static CuratorFramework reader;

    @BeforeAll
    static void start() throws InterruptedException {
        quorum = TargetQuorum.start(directory);
        writer = TargetQuorum.connect(quorum);
        reader = TargetQuorum.connect(quorum);
    }

    @AfterAll
    static void stop() {
        writer.close();
        reader.close();
        quorum.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static String text(ChildData data) {
        return data == null ? "none" : new String(data.getData(), UTF_8);
    }

    @Test
    void shouldFeedACuratorCache() throws Exception {
        writer.create().creatingParentsIfNeeded().forPath("/cache/there/before", bytes("1"));
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        try (CuratorCache cache = CuratorCache.build(reader, "/cache")) {
            cache.listenable()
                    .addListener(
                            (type, before, after) -> told.add(type + " " + (after == null ? before : after).getPath()));
            cache.start();
            Awaitility.await().until(() -> text(cache.get("/cache/there/before").orElse(null))
                    .equals("1"));

            writer.create().forPath("/cache/new", bytes("2"));
            writer.setData().forPath("/cache/new", bytes("3"));
            Awaitility.await()
                    .until(() -> text(cache.get("/cache/new").orElse(null)).equals("3"));
            writer.delete().deletingChildrenIfNeeded().forPath("/cache/there");

            Awaitility.await().until(() -> cache.get("/cache/there").isEmpty());
            assertThat(cache.size()).isEqualTo(2);
            Awaitility.await().untilAsserted(() -> assertThat(told)
                    .containsSubsequence(
                            "NODE_CREATED /cache/new",
                            "NODE_DELETED /cache/there/before",
                            "NODE_DELETED /cache/there"));
        }
    }

    @Test
    void shouldFeedACacheOfChildren() throws Exception {
        writer.create().forPath("/children");
        try (PathChildrenCache cache = new PathChildrenCache(reader, "/children", true)) {
            cache.start(PathChildrenCache.StartMode.BUILD_INITIAL_CACHE);
            writer.create().forPath("/children/a", bytes("1"));
            writer.create().forPath("/children/b", bytes("1"));
            Awaitility.await().until(() -> cache.getCurrentData().size() == 2);

            writer.setData().forPath("/children/a", bytes("2"));
            writer.delete().forPath("/children/b");

            Awaitility.await().until(() -> cache.getCurrentData().size() == 1);
            Awaitility.await()
                    .until(() -> text(cache.getCurrentData("/children/a")).equals("2"));
        }
    }

    @Test
    void shouldFeedACacheOfATree() throws Exception {
        writer.create().creatingParentsIfNeeded().forPath("/tree/a/b/c", bytes("1"));
        try (TreeCache cache = new TreeCache(reader, "/tree")) {
            cache.start();
            Awaitility.await()
                    .until(() -> text(cache.getCurrentData("/tree/a/b/c")).equals("1"));

            writer.setData().forPath("/tree/a/b/c", bytes("2"));
            writer.create().forPath("/tree/a/d");

            Awaitility.await()
                    .until(() -> text(cache.getCurrentData("/tree/a/b/c")).equals("2"));
            Awaitility.await()
                    .until(() -> cache.getCurrentChildren("/tree/a").keySet().equals(Set.of("b", "d")));
        }
    }

    @Test
    void shouldFeedACacheOfANode() throws Exception {
        try (NodeCache cache = new NodeCache(reader, "/node")) {
            cache.start(true);
            assertThat(cache.getCurrentData()).isNull();

            writer.create().forPath("/node", bytes("1"));
            Awaitility.await().until(() -> text(cache.getCurrentData()).equals("1"));
            writer.setData().forPath("/node", bytes("2"));
            Awaitility.await().until(() -> text(cache.getCurrentData()).equals("2"));
            writer.delete().forPath("/node");

            Awaitility.await().until(() -> cache.getCurrentData() == null);
        }
    }

    @Test
    void shouldTellAPersistentWatcherEveryChange() throws Exception {
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        writer.create().forPath("/watched");
        // The reader's member may be behind the writer's, and would tell of this creation too.
        Awaitility.await().until(() -> reader.checkExists().forPath("/watched") != null);
        try (PersistentWatcher watcher = new PersistentWatcher(reader, "/watched", true)) {
            watcher.getListenable().addListener(event -> told.add(event.getType() + " " + event.getPath()));
            CountDownLatch reset = new CountDownLatch(1);
            watcher.getResetListenable().addListener(reset::countDown);
            watcher.start();
            reset.await();

            for (int i = 0; i < 20; i++) {
                writer.create().forPath("/watched/" + i);
                writer.setData().forPath("/watched/" + i, bytes("x"));
                writer.delete().forPath("/watched/" + i);
            }

            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                expected.add("NodeCreated /watched/" + i);
                expected.add("NodeDataChanged /watched/" + i);
                expected.add("NodeDeleted /watched/" + i);
            }
            Awaitility.await().untilAsserted(() -> assertThat(told).containsExactlyElementsOf(expected));
        }
    }

    @Test
    void shouldKeepANodeInBeing() throws Exception {
        try (PersistentNode node =
                new PersistentNode(writer, CreateMode.EPHEMERAL, false, "/kept", bytes("1"), false)) {
            node.start();
            Awaitility.await().until(() -> reader.checkExists().forPath("/kept") != null);

            reader.delete().forPath("/kept");

            Awaitility.await().until(() -> reader.checkExists().forPath("/kept") != null);
        }
        Awaitility.await().until(() -> reader.checkExists().forPath("/kept") == null);
    }

    @Test
    void shouldForgetANodeWhoseTimeIsOver() throws Exception {
        writer.create().withTtl(200).withMode(CreateMode.PERSISTENT_WITH_TTL).forPath("/mortal");
        try (PersistentTtlNode node = new PersistentTtlNode(writer, "/touched", 60_000, bytes("1"))) {
            node.start();
            Awaitility.await().until(() -> reader.checkExists().forPath("/touched") != null);

            // Unless they are told otherwise the servers look once a minute.
            Awaitility.await()
                    .atMost(Duration.ofMinutes(3))
                    .until(() -> reader.checkExists().forPath("/mortal") == null);

            assertThat(reader.checkExists().forPath("/touched")).isNotNull();
        }
    }

    @Test
    void shouldShowTheMembersOfAGroup() throws Exception {
        try (GroupMember one = new GroupMember(writer, "/group", "one", bytes("1"));
                GroupMember two = new GroupMember(reader, "/group", "two", bytes("2"))) {
            one.start();
            two.start();
            Awaitility.await().until(() -> one.getCurrentMembers().keySet().containsAll(List.of("one", "two")));

            two.close();

            Awaitility.await()
                    .untilAsserted(
                            () -> assertThat(one.getCurrentMembers().keySet()).containsExactly("one"));
        }
    }

    @Test
    void shouldCommitATransactionAsAWhole() throws Exception {
        List<CuratorTransactionResult> results = writer.transaction()
                .forOperations(
                        writer.transactionOp().create().forPath("/tx", bytes("1")),
                        writer.transactionOp().check().withVersion(0).forPath("/tx"),
                        writer.transactionOp().setData().withVersion(0).forPath("/tx", bytes("2")));
        assertThat(results).hasSize(3).allSatisfy(result -> assertThat(result.getError())
                .isZero());

        assertThatExceptionOfType(KeeperException.BadVersionException.class).isThrownBy(() -> writer.transaction()
                .forOperations(
                        writer.transactionOp().create().forPath("/tx/child"),
                        writer.transactionOp().check().withVersion(7).forPath("/tx")));
        assertThat(writer.getChildren().forPath("/tx")).isEmpty();
        assertThat(writer.getData().forPath("/tx")).isEqualTo(bytes("2"));
    }
}
