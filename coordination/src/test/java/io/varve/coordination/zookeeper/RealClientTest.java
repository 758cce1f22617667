// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.AsyncCallback;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.Watcher.WatcherType;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.ClientInfo;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Apache ZooKeeper's own client against our front end. */
@Timeout(60)
class RealClientTest {

    private static final byte[] DATA = {1, 2, 3};

    private final TestServer server = TestServer.withSessionsFrom(400);
    private final List<ZooKeeper> clients = new ArrayList<>();

    /** A client and what its default watcher was told. */
    private record Client(ZooKeeper zk, BlockingQueue<WatchedEvent> events) {

        WatchedEvent take() throws InterruptedException {
            final WatchedEvent event = events.poll(20, TimeUnit.SECONDS);
            assertThat(event).as("an event").isNotNull();
            return event;
        }

        void expect(EventType type, String path) throws InterruptedException {
            final WatchedEvent event = take();
            assertThat(event.getType()).isEqualTo(type);
            assertThat(event.getPath()).isEqualTo(path);
        }

        void expect(KeeperState state) throws InterruptedException {
            assertThat(take().getState()).isEqualTo(state);
        }
    }

    private Client connect(int timeoutMs) throws IOException, InterruptedException {
        final BlockingQueue<WatchedEvent> events = new LinkedBlockingQueue<>();
        final ZooKeeper zk = new ZooKeeper(server.address(), timeoutMs, events::add);
        clients.add(zk);
        final Client client = new Client(zk, events);
        client.expect(KeeperState.SyncConnected);
        return client;
    }

    @AfterEach
    void close() throws InterruptedException {
        for (ZooKeeper client : clients) {
            client.close(1000);
        }
        server.close();
    }

    @Test
    void shouldServeEveryOperation() throws Exception {
        final ZooKeeper zk = connect(10_000).zk();

        assertThat(zk.create("/a", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT))
                .isEqualTo("/a");
        final Stat stat = new Stat();
        assertThat(zk.create("/a/s-", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_SEQUENTIAL, stat))
                .isEqualTo("/a/s-0000000000");
        assertThat(stat.getCzxid()).isPositive();
        assertThat(zk.create("/a/e", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL))
                .isEqualTo("/a/e");
        assertThat(zk.create("/a/es-", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL_SEQUENTIAL))
                .isEqualTo("/a/es-0000000002");
        assertThat(zk.create("/c", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.CONTAINER))
                .isEqualTo("/c");
        assertThat(zk.create("/t", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT_WITH_TTL, stat, 60_000))
                .isEqualTo("/t");
        assertThat(zk.exists("/a", false).getNumChildren()).isEqualTo(3);
        assertThat(zk.exists("/none", false)).isNull();
        assertThat(zk.getData("/a", false, stat)).isEqualTo(DATA);
        assertThat(zk.getData("/a/s-0000000000", false, stat)).isNull();
        assertThat(zk.setData("/a", new byte[] {9}, 0).getVersion()).isEqualTo(1);
        assertThat(zk.getChildren("/a", false)).containsExactlyInAnyOrder("s-0000000000", "e", "es-0000000002");
        assertThat(zk.getChildren("/a", false, stat)).hasSize(3);
        assertThat(zk.getAllChildrenNumber("/a")).isEqualTo(3);
        assertThat(zk.getEphemerals()).containsExactlyInAnyOrder("/a/e", "/a/es-0000000002");
        assertThat(zk.getEphemerals("/a/es")).containsExactly("/a/es-0000000002");
        assertThat(zk.getACL("/a", stat)).isEqualTo(Ids.OPEN_ACL_UNSAFE);
        assertThat(zk.setACL("/a", Ids.READ_ACL_UNSAFE, 0).getAversion()).isEqualTo(1);
        assertThat(zk.whoAmI()).containsExactly(new ClientInfo("ip", "127.0.0.1"));
        zk.delete("/c", -1);
        final CountDownLatch synced = new CountDownLatch(1);
        zk.sync("/a", (code, path, context) -> synced.countDown(), null);
        assertThat(synced.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(zk.getConfig(false, stat)).isNotNull();
        assertThat(zk.getSessionTimeout()).isEqualTo(10_000);

        assertCode(Code.NODEEXISTS, () -> zk.create("/a", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
        assertCode(Code.NONODE, () -> zk.getData("/none", false, null));
        assertCode(Code.BADVERSION, () -> zk.setData("/t", DATA, 7));
        assertCode(Code.NOTEMPTY, () -> zk.delete("/a", -1));
        assertCode(Code.NOAUTH, () -> zk.setData("/a", DATA, -1));
        assertCode(Code.NOCHILDRENFOREPHEMERALS, () -> {
            zk.create("/e", null, Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
            zk.create("/e/x", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        });
        assertCode(
                Code.INVALIDACL,
                () -> zk.create("/i", DATA, Arrays.asList(new ACL(31, new Id("digest", "x"))), CreateMode.PERSISTENT));
    }

    private interface Call {
        void run() throws Exception;
    }

    private static void assertCode(Code code, Call call) {
        assertThatThrownBy(call::run).isInstanceOfSatisfying(KeeperException.class, e -> assertThat(e.code())
                .isEqualTo(code));
    }

    @Test
    void shouldServeMultis() throws Exception {
        final ZooKeeper zk = connect(10_000).zk();

        final List<OpResult> done = zk.multi(List.of(
                Op.create("/m", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT),
                Op.create("/m/c", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL),
                Op.setData("/m", DATA, 0),
                Op.check("/m", 1)));
        assertThat(done).hasSize(4);
        assertThatThrownBy(() -> zk.multi(List.of(Op.delete("/m/c", -1), Op.check("/m", 9), Op.delete("/m", -1))))
                .isInstanceOfSatisfying(KeeperException.BadVersionException.class, e -> assertThat(e.getResults())
                        .containsExactly(
                                new OpResult.ErrorResult(0),
                                new OpResult.ErrorResult(Code.BADVERSION.intValue()),
                                new OpResult.ErrorResult(Code.RUNTIMEINCONSISTENCY.intValue())));
        final List<OpResult> read = zk.multi(List.of(Op.getData("/m"), Op.getChildren("/m"), Op.getData("/none")));
        assertThat(((OpResult.GetDataResult) read.get(0)).getData()).isEqualTo(DATA);
        assertThat(((OpResult.GetChildrenResult) read.get(1)).getChildren()).containsExactly("c");
        assertThat(read.get(2)).isEqualTo(new OpResult.ErrorResult(Code.NONODE.intValue()));
    }

    @Test
    void shouldTellOfChanges() throws Exception {
        final Client client = connect(10_000);
        final ZooKeeper zk = client.zk();
        final ZooKeeper other = connect(10_000).zk();

        assertThat(zk.exists("/w", true)).isNull();
        other.create("/w", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        client.expect(EventType.NodeCreated, "/w");
        zk.getData("/w", true, null);
        other.setData("/w", DATA, -1);
        client.expect(EventType.NodeDataChanged, "/w");
        zk.getChildren("/w", true);
        other.create("/w/c", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        client.expect(EventType.NodeChildrenChanged, "/w");
        zk.addWatch("/w", client.events()::add, AddWatchMode.PERSISTENT_RECURSIVE);
        other.setData("/w/c", DATA, -1);
        client.expect(EventType.NodeDataChanged, "/w/c");
        other.delete("/w/c", -1);
        client.expect(EventType.NodeDeleted, "/w/c");
        zk.removeAllWatches("/w", WatcherType.Any, false);
        client.expect(EventType.PersistentWatchRemoved, "/w");
        other.setData("/w", DATA, -1);
        zk.sync("/", (code, path, context) -> {}, null);
        zk.exists("/w", false);
        assertThat(client.events()).isEmpty();
    }

    @Test
    void shouldBringItsWatchesAlong() throws Exception {
        final Client client = connect(10_000);
        final ZooKeeper zk = client.zk();
        final ZooKeeper other = connect(10_000).zk();
        other.create("/changed", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        other.create("/later", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        zk.getData("/changed", true, null);
        zk.getData("/later", true, null);
        zk.exists("/created", true);
        zk.getChildren("/later", true);
        final long session = zk.getSessionId();

        server.refuse(true);
        server.cut();
        client.expect(KeeperState.Disconnected);
        server.onMember(() -> {
            final SessionlessWriter writer = new SessionlessWriter(server);
            writer.set("/changed");
            writer.create("/created");
            return null;
        });
        server.refuse(false);

        client.expect(KeeperState.SyncConnected);
        final List<WatchedEvent> missed = List.of(client.take(), client.take());
        assertThat(missed)
                .extracting(WatchedEvent::getType)
                .containsExactlyInAnyOrder(EventType.NodeDataChanged, EventType.NodeCreated);
        assertThat(zk.getSessionId()).isEqualTo(session);
        await().until(() -> other.getState().isConnected());
        other.setData("/later", DATA, -1);
        client.expect(EventType.NodeDataChanged, "/later");
        other.create("/later/child", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        client.expect(EventType.NodeChildrenChanged, "/later");
    }

    @Test
    void shouldKeepEphemeralsOverAReconnectAndDropThemAtTheEnd() throws Exception {
        final Client client = connect(10_000);
        client.zk().create("/e", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        final ZooKeeper other = connect(10_000).zk();

        server.cut();
        client.expect(KeeperState.Disconnected);
        client.expect(KeeperState.SyncConnected);
        await().until(() -> other.getState().isConnected());
        assertThat(other.exists("/e", false).getEphemeralOwner())
                .isEqualTo(client.zk().getSessionId());

        client.zk().close();
        assertThat(other.exists("/e", false)).isNull();
    }

    @Test
    void shouldExpireSilentSessions() throws Exception {
        final Client client = connect(500);
        client.zk().create("/e", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        final long session = client.zk().getSessionId();

        server.refuse(true);
        server.cut();
        client.expect(KeeperState.Disconnected);
        await().atMost(Duration.ofSeconds(20))
                .until(() -> server.onMember(() -> server.replica().tree().session(session) == null));
        server.refuse(false);

        client.expect(KeeperState.Expired);
        final ZooKeeper other = connect(10_000).zk();
        assertThat(other.exists("/e", false)).isNull();
    }

    @Test
    void shouldLetASessionBeTakenOverByThoseWhoKnowItsPassword() throws Exception {
        final Client client = connect(10_000);
        client.zk().create("/e", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        final BlockingQueue<WatchedEvent> events = new LinkedBlockingQueue<>();

        final ZooKeeper wrong =
                new ZooKeeper(server.address(), 10_000, events::add, client.zk().getSessionId(), new byte[16]);
        clients.add(wrong);
        assertThat(events.poll(20, TimeUnit.SECONDS).getState()).isEqualTo(KeeperState.Expired);
        assertThat(client.zk().exists("/e", false)).isNotNull();

        final ZooKeeper right = new ZooKeeper(
                server.address(),
                10_000,
                events::add,
                client.zk().getSessionId(),
                client.zk().getSessionPasswd());
        clients.add(right);
        assertThat(events.poll(20, TimeUnit.SECONDS).getState()).isEqualTo(KeeperState.SyncConnected);
        assertThat(right.getEphemerals()).containsExactly("/e");
    }

    @Test
    void shouldKnowClientsByTheirPasswords() throws Exception {
        final ZooKeeper owner = connect(10_000).zk();
        owner.addAuthInfo("digest", "me:secret".getBytes());
        owner.create("/mine", DATA, Ids.CREATOR_ALL_ACL, CreateMode.PERSISTENT);
        assertThat(owner.whoAmI()).contains(new ClientInfo("digest", "me"));
        final ZooKeeper other = connect(10_000).zk();

        assertCode(Code.NOAUTH, () -> other.getData("/mine", false, null));
        assertCode(Code.NOAUTH, () -> other.exists("/mine", false));
        other.addAuthInfo("digest", "me:secret".getBytes());
        assertThat(other.getData("/mine", false, null)).isEqualTo(DATA);
        owner.setACL("/mine", Arrays.asList(new ACL(Perms.READ, new Id("ip", "127.0.0.0/8"))), -1);
        assertCode(Code.NOAUTH, () -> owner.setData("/mine", DATA, -1));
        assertThat(connect(10_000).zk().getData("/mine", false, null)).isEqualTo(DATA);
    }

    @Test
    void shouldFailAuthenticationWithASchemeThatIsNotThere() throws Exception {
        final Client client = connect(10_000);

        client.zk().addAuthInfo("nothing", DATA);

        client.expect(KeeperState.AuthFailed);
        assertCode(Code.AUTHFAILED, () -> client.zk().exists("/", false));
    }

    @Test
    void shouldServeManyRequestsAtOnceInOrder() throws Exception {
        final ZooKeeper zk = connect(10_000).zk();
        final List<String> answers = new ArrayList<>();
        final int count = 2000;
        final CountDownLatch done = new CountDownLatch(2 * count);
        final AsyncCallback.StringCallback created = (code, path, context, name) -> {
            answers.add(name);
            done.countDown();
        };
        final AsyncCallback.Children2Callback listed = (code, path, context, children, stat) -> {
            answers.add("children=" + children.size());
            done.countDown();
        };
        zk.create("/q", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);

        for (int i = 0; i < count; i++) {
            zk.create("/q/n-", DATA, Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL_SEQUENTIAL, created, null);
            zk.getChildren("/q", false, listed, null);
        }

        assertThat(done.await(40, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < count; i++) {
            assertThat(answers.get(2 * i)).isEqualTo(String.format("/q/n-%010d", i));
            assertThat(answers.get(2 * i + 1)).isEqualTo("children=" + (i + 1));
        }
    }

    @Test
    void shouldCloseAConnectionWhoseFrameIsTooLarge() throws Exception {
        final Client client = connect(10_000);

        assertThatThrownBy(
                        () -> client.zk().create("/l", new byte[0xfffff], Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT))
                .isInstanceOf(KeeperException.ConnectionLossException.class);
        client.expect(KeeperState.Disconnected);
        client.expect(KeeperState.SyncConnected);
        assertThat(client.zk().exists("/l", false)).isNull();
    }
}
