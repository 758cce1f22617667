// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.CreateMode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Curator's recipes over our front end. */
@Timeout(60)
class CuratorTest {

    private static final Duration LONG = Duration.ofSeconds(30);

    private final TestServer server = TestServer.withSessionsFrom(1000);
    private CuratorFramework one;
    private CuratorFramework two;

    @BeforeEach
    void start() {
        one = client();
        two = client();
    }

    private CuratorFramework client() {
        final CuratorFramework client = CuratorFrameworkFactory.newClient(
                server.address(), 10_000, 10_000, new ExponentialBackoffRetry(50, 20));
        client.start();
        return client;
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
        server.close();
    }

    @Test
    void shouldLetOneAtATimeHaveAMutex() throws Exception {
        final InterProcessMutex first = new InterProcessMutex(one, "/lock");
        final InterProcessMutex second = new InterProcessMutex(two, "/lock");

        assertThat(first.acquire(20, TimeUnit.SECONDS)).isTrue();
        assertThat(second.acquire(200, TimeUnit.MILLISECONDS)).isFalse();
        first.release();
        assertThat(second.acquire(20, TimeUnit.SECONDS)).isTrue();
        second.release();
    }

    @Test
    void shouldPassLeadershipOn() throws Exception {
        final LeaderLatch first = new LeaderLatch(one, "/leader", "one");
        try (LeaderLatch second = new LeaderLatch(two, "/leader", "two")) {
            first.start();
            assertThat(first.await(20, TimeUnit.SECONDS)).isTrue();
            second.start();
            await().atMost(LONG).until(() -> second.getParticipants().size() == 2);
            assertThat(second.hasLeadership()).isFalse();

            first.close();

            assertThat(second.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void shouldKeepACacheOverAReconnect() throws Exception {
        one.create().creatingParentsIfNeeded().forPath("/cached/a", new byte[] {1});
        try (CuratorCache cache = CuratorCache.build(two, "/cached")) {
            cache.start();
            await().atMost(LONG).until(() -> cache.get("/cached/a").isPresent());

            server.cut();
            one.setData().forPath("/cached/a", new byte[] {2});
            one.create().forPath("/cached/b", new byte[] {3});

            await().atMost(LONG)
                    .until(() -> cache.get("/cached/b").isPresent()
                            && cache.get("/cached/a").orElseThrow().getData()[0] == 2);
            one.delete().forPath("/cached/a");
            await().atMost(LONG).until(() -> cache.get("/cached/a").isEmpty());
        }
    }

    @Test
    void shouldCountAndWait() throws Exception {
        final DistributedAtomicLong counter = new DistributedAtomicLong(one, "/counter", new RetryNTimes(50, 10));
        final DistributedAtomicLong same = new DistributedAtomicLong(two, "/counter", new RetryNTimes(50, 10));
        for (int i = 0; i < 20; i++) {
            assertThat(counter.increment().succeeded()).isTrue();
            assertThat(same.increment().succeeded()).isTrue();
        }
        assertThat(counter.get().postValue()).isEqualTo(40);

        final DistributedBarrier barrier = new DistributedBarrier(one, "/barrier");
        barrier.setBarrier();
        final DistributedBarrier waiting = new DistributedBarrier(two, "/barrier");
        assertThat(waiting.waitOnBarrier(100, TimeUnit.MILLISECONDS)).isFalse();
        barrier.removeBarrier();
        assertThat(waiting.waitOnBarrier(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void shouldMakePersistentNodesAgainAndContainers() throws Exception {
        try (PersistentNode node = new PersistentNode(one, CreateMode.EPHEMERAL, false, "/here/me", new byte[] {5})) {
            node.start();
            assertThat(node.waitForInitialCreate(20, TimeUnit.SECONDS)).isTrue();
            two.delete().forPath("/here/me");
            await().atMost(LONG).until(() -> two.checkExists().forPath("/here/me") != null);
        }
        one.create().creatingParentContainersIfNeeded().forPath("/box/inner/leaf");
        assertThat(two.checkExists().forPath("/box/inner/leaf")).isNotNull();
        one.transaction()
                .forOperations(
                        one.transactionOp().create().forPath("/tx", new byte[] {1}),
                        one.transactionOp().setData().forPath("/tx", new byte[] {2}),
                        one.transactionOp().check().withVersion(1).forPath("/tx"));
        assertThat(two.getData().forPath("/tx")).containsExactly(2);
    }
}
