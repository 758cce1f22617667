// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import static io.varve.coordination.agent.Stages.bytes;
import static io.varve.coordination.agent.Stages.failure;
import static io.varve.coordination.agent.Stages.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.coordination.QuorumLostException;
import io.varve.coordination.SessionExpiredException;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.Node;
import java.io.File;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract against a real Apache ZooKeeper server, and what only a session over a network can meet. */
class ZooKeeperCoordinatorTest extends CoordinatorContract {

    private static final Duration SESSION_TIMEOUT = Duration.ofSeconds(4);
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);

    private final List<Coordinator> sessions = new ArrayList<>();

    @TempDir
    private Path directory;

    private ZooKeeperServerInProcess server;

    @BeforeEach
    void start() throws Exception {
        server = new ZooKeeperServerInProcess(directory);
    }

    @AfterEach
    void stop() throws Exception {
        sessions.forEach(Coordinator::close);
        server.close();
    }

    @Override
    Coordinator openSession() throws Exception {
        return openSession("");
    }

    private Coordinator openSession(String suffix) throws Exception {
        Coordinator session =
                get(ZooKeeperCoordinator.connect(server.connectString() + suffix, SESSION_TIMEOUT, CONNECT_TIMEOUT));
        sessions.add(session);
        return session;
    }

    @Test
    void shouldKeepTheSessionOverABrokenConnection() throws Exception {
        Coordinator session = openSession();
        List<SessionListener.State> states = Collections.synchronizedList(new ArrayList<>());
        session.onSessionState(states::add);
        get(session.create("/e", bytes(""), CreateMode.EPHEMERAL));

        server.dropConnections();

        Awaitility.await().untilAsserted(() -> assertThat(states)
                .containsExactly(
                        SessionListener.State.CONNECTED,
                        SessionListener.State.SUSPENDED,
                        SessionListener.State.CONNECTED));
        assertThat(get(session.get("/e")).stat().ephemeralOwner()).isEqualTo(session.sessionId());
    }

    @Test
    void shouldTellThatChangesMayHaveBeenMissedAndGoOnWatching() throws Exception {
        Coordinator session = openSession();
        Coordinator other = openSession();
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        get(session.watch("/a", (change, path, zxid) -> told.add(change + path + (zxid > 0 ? "" : " without zxid"))));
        get(session.create("/a", bytes(""), CreateMode.PERSISTENT));

        server.dropConnections();
        Awaitility.await().untilAsserted(() -> assertThat(told).containsExactly("CREATED/a", "MISSED/a"));
        Awaitility.await().ignoreExceptions().untilAsserted(() -> get(other.set("/a", bytes("1"), -1)));

        Awaitility.await().untilAsserted(() -> assertThat(told).containsExactly("CREATED/a", "MISSED/a", "DATA_SET/a"));
    }

    @Test
    void shouldLetAFollowerThatReadsAnewSeeEverything() throws Exception {
        Coordinator session = openSession();
        Coordinator other = openSession();
        get(other.create("/a", bytes(""), CreateMode.PERSISTENT));
        Set<String> followed = ConcurrentHashMap.newKeySet();
        AtomicInteger misses = new AtomicInteger();
        get(session.watch("/a", (change, path, zxid) -> {
            if (change == TreeListener.Change.MISSED) {
                misses.incrementAndGet();
                session.children(path).thenAccept(followed::addAll);
            } else {
                followed.add(path.substring("/a/".length()));
            }
        }));

        for (int i = 0; i < 50; i++) {
            if (i == 10) {
                server.dropConnection(session.sessionId()); // which comes back some time within a second
            }
            get(other.create("/a/" + i, bytes(""), CreateMode.PERSISTENT));
        }

        Awaitility.await().untilAsserted(() -> assertThat(misses).hasValue(1));
        List<String> all = get(other.children("/a"));
        assertThat(all).hasSize(50);
        Awaitility.await().untilAsserted(() -> assertThat(followed).containsExactlyInAnyOrderElementsOf(all));
    }

    @Test
    void shouldNotHoldALockWhileSuspendedAndHoldItAgainAfterwards() throws Exception {
        Coordinator session = openSession();
        get(session.create("/lock", bytes(""), CreateMode.PERSISTENT));
        Lock lock = Lock.request(session, "/lock");
        long fence = get(lock.acquired());
        List<Boolean> held = Collections.synchronizedList(new ArrayList<>());
        session.onSessionState(state -> held.add(lock.isHeld()));

        server.dropConnection(session.sessionId());

        Awaitility.await().untilAsserted(() -> assertThat(held).hasSize(3));
        assertThat(held.get(1)).as("held while suspended").isFalse();
        Awaitility.await().until(lock::isHeld);
        assertThat(get(session.get(lock.check().path())).stat().czxid()).isEqualTo(fence);
        server.expire(session.sessionId());
        Awaitility.await().until(() -> !lock.isHeld());
    }

    @Test
    void shouldLoseTheSessionThatExpires() throws Exception {
        Coordinator session = openSession();
        List<SessionListener.State> states = Collections.synchronizedList(new ArrayList<>());
        session.onSessionState(states::add);

        server.expire(session.sessionId());

        Awaitility.await().untilAsserted(() -> assertThat(states).endsWith(SessionListener.State.LOST));
        assertThat(states).containsOnlyOnce(SessionListener.State.LOST);
        assertThat(failure(session.get("/"))).isInstanceOf(SessionExpiredException.class);
    }

    @Test
    void shouldFailWhatIsUnderWayWhenTheServerGoes() throws Exception {
        Coordinator session = openSession();
        List<CompletionStage<Node>> reads = new ArrayList<>();

        server.restart(() -> reads.add(session.get("/")));

        for (CompletionStage<Node> read : reads) {
            assertThat(failure(read)).isInstanceOf(QuorumLostException.class);
        }
        Awaitility.await().ignoreExceptions().untilAsserted(() -> get(session.get("/")));
    }

    @Test
    void shouldRefuseMoreThanItsCapacity() throws Exception {
        ZooKeeperSession session = ZooKeeperSession.open(server.connectString(), 4000, 3);
        sessions.add(session);
        CountDownLatch blocked = new CountDownLatch(1);
        CompletableFuture<Void> blocking = new CompletableFuture<>();
        CompletionStage<Void> first = session.get("/").thenAccept(node -> {
            blocking.complete(null);
            await(blocked);
        });
        get(blocking); // the coordinator's thread now completes nothing

        List<CompletionStage<Node>> fitting = List.of(session.get("/"), session.get("/"), session.get("/"));
        assertThat(failure(session.get("/")))
                .isInstanceOf(QuorumLostException.class)
                .hasMessageContaining("capacity=3");
        blocked.countDown();

        get(first);
        for (CompletionStage<Node> read : fitting) {
            get(read);
        }
        get(session.get("/"));
    }

    @Test
    void shouldLetTheCoordinatorsOwnThreadClose() throws Exception {
        Coordinator session = openSession();
        Coordinator other = openSession();
        get(session.create("/e", bytes(""), CreateMode.EPHEMERAL));

        get(session.get("/e").thenRun(session::close));

        Awaitility.await()
                .untilAsserted(() -> assertThat(get(other.children("/"))).doesNotContain("e"));
    }

    @Test
    void shouldKeepAllPathsBelowThatOfTheConnectString() throws Exception {
        Coordinator whole = openSession();
        get(whole.create("/varve", bytes(""), CreateMode.PERSISTENT));
        Coordinator session = openSession("/varve");
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        get(session.watch("/", (change, path, zxid) -> told.add(change + path)));

        assertThat(get(session.create("/a", bytes(""), CreateMode.PERSISTENT))).isEqualTo("/a");

        assertThat(told).containsExactly("CREATED/a");
        assertThat(get(whole.children("/varve"))).containsExactly("a");
    }

    @Test
    void shouldGiveUpConnectingInTime() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String connectString = "127.0.0.1:" + silent.getLocalPort();

            CompletionStage<Coordinator> session =
                    ZooKeeperCoordinator.connect(connectString, SESSION_TIMEOUT, Duration.ofMillis(200));

            assertThat(failure(session))
                    .isInstanceOf(QuorumLostException.class)
                    .hasMessageContaining("connectString=" + connectString);
        }
    }

    @Test
    void shouldRefuseArgumentsThatMakeNoSense() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ZooKeeperCoordinator.connect("", SESSION_TIMEOUT, CONNECT_TIMEOUT));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ZooKeeperCoordinator.connect("127.0.0.1:1", Duration.ZERO, CONNECT_TIMEOUT))
                .withMessageContaining("sessionTimeout=PT0S");
    }

    @Test
    void shouldNameTheArtifactThatIsMissing() throws Exception {
        URL[] ours = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("zookeeper"))
                .map(ZooKeeperCoordinatorTest::url)
                .toArray(URL[]::new);
        try (URLClassLoader without = new URLClassLoader(ours, ClassLoader.getPlatformClassLoader())) {
            Class<?> coordinator = without.loadClass(ZooKeeperCoordinator.class.getName());

            assertThatThrownBy(() -> coordinator
                            .getMethod("connect", String.class, Duration.class, Duration.class)
                            .invoke(null, "127.0.0.1:1", SESSION_TIMEOUT, CONNECT_TIMEOUT))
                    .cause()
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("org.apache.zookeeper:zookeeper:");
        }
    }

    private static URL url(String entry) {
        try {
            return Path.of(entry).toUri().toURL();
        } catch (java.net.MalformedURLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
