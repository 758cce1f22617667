// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.target.Quorum;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is too much or too many for a quorum is refused or done, with the heap that the members have, and the leader remains. The
 * properties {@code varve.bounds.watches}, {@code varve.bounds.ephemerals} and {@code varve.bounds.sessions} say how many, by default
 * a part of the 10,000, 50,000 and 1,000 that are meant.
 */
class QuorumBoundsIT {

    private static final int WATCHES = Integer.getInteger("varve.bounds.watches", 1_000);
    private static final int EPHEMERALS = Integer.getInteger("varve.bounds.ephemerals", 5_000);
    private static final int SESSIONS = Integer.getInteger("varve.bounds.sessions", 300);
    private static final int IN_FLIGHT = 500;
    private static final int OPENERS = 64;
    private static final int SHORT_TIMEOUT_MS = 4_000;
    private static final int LONG_TIMEOUT_MS = 300_000;
    private static final int TOO_LARGE = 10 << 20;

    @TempDir
    private static Path directory;

    private static Quorum quorum;
    private static ZooKeeper client;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        quorum = TargetQuorum.start(
                directory, Map.of("maxClientCnxns", "0", "maxSessionTimeout", String.valueOf(LONG_TIMEOUT_MS)));
        client = new ZooKeeper(quorum.connectString(), TargetQuorum.SESSION_TIMEOUT_MS, event -> {});
        Awaitility.await().until(() -> client.getState().isConnected());
    }

    @AfterAll
    static void close() throws InterruptedException {
        client.close();
        quorum.close();
    }

    private static int port(int session) {
        String address = quorum.members().get(session % quorum.members().size()).connectString();
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    private static void create(String path) throws KeeperException, InterruptedException {
        client.create(path, new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
    }

    /** What another client was told of, this one's member may not have applied yet. */
    private static void sync(String path) throws InterruptedException {
        CountDownLatch caughtUp = new CountDownLatch(1);
        client.sync(path, (code, of, context) -> caughtUp.countDown(), null);
        assertThat(caughtUp.await(1, TimeUnit.MINUTES)).isTrue();
    }

    @Test
    void shouldRefuseARequestThatIsTooLarge() throws Exception {
        int leader = quorum.awaitLeader().id();
        create("/large");
        for (int member = 0; member < quorum.members().size(); member++) {
            try (RawSession session = new RawSession(port(member), TargetQuorum.SESSION_TIMEOUT_MS)) {
                try {
                    session.send(ByteBuffer.allocate(TOO_LARGE));
                } catch (IOException e) {
                    // It need not have been read to its end.
                }
                assertThat(session.isClosedByPeer()).isTrue();
            }
        }

        client.setData("/large", "still here".getBytes(UTF_8), -1);
        assertThat(quorum.awaitLeader().id()).isEqualTo(leader);
    }

    @Test
    void shouldTellManyWatchesOfOneNode() throws Exception {
        int leader = quorum.awaitLeader().id();
        create("/watched");
        List<RawSession> sessions = new ArrayList<>();
        ExecutorService openers = Executors.newFixedThreadPool(OPENERS); // one after the other they would take too long
        try {
            List<Future<RawSession>> opening = new ArrayList<>();
            for (int i = 0; i < WATCHES; i++) {
                int port = port(i);
                opening.add(openers.submit(() -> {
                    RawSession session = new RawSession(port, LONG_TIMEOUT_MS);
                    session.watch("/watched");
                    return session;
                }));
            }
            for (Future<RawSession> opened : opening) {
                sessions.add(opened.get());
            }

            client.setData("/watched", new byte[] {1}, -1);

            for (RawSession session : sessions) {
                session.event();
            }
        } finally {
            openers.shutdownNow();
            for (RawSession session : sessions) {
                session.close();
            }
        }
        assertThat(quorum.awaitLeader().id()).isEqualTo(leader);
    }

    @Test
    void shouldDeleteTheManyEphemeralsOfASessionThatCloses() throws Exception {
        int leader = quorum.awaitLeader().id();
        create("/many");
        Semaphore inFlight = new Semaphore(IN_FLIGHT);
        try (ZooKeeper owner = new ZooKeeper(quorum.connectString(), TargetQuorum.SESSION_TIMEOUT_MS, event -> {})) {
            for (int i = 0; i < EPHEMERALS; i++) {
                inFlight.acquire();
                owner.create(
                        "/many/" + i,
                        new byte[0],
                        ZooDefs.Ids.OPEN_ACL_UNSAFE,
                        CreateMode.EPHEMERAL,
                        (code, path, context, name) -> inFlight.release(),
                        null);
            }
            inFlight.acquire(IN_FLIGHT);
            sync("/many");
            assertThat(client.exists("/many", false).getNumChildren()).isEqualTo(EPHEMERALS);
        }

        Awaitility.await()
                .atMost(1, TimeUnit.MINUTES)
                .until(() -> client.exists("/many", false).getNumChildren() == 0);
        assertThat(quorum.awaitLeader().id()).isEqualTo(leader);
    }

    @Test
    void shouldEndManySessionsAtOnce() throws Exception {
        int leader = quorum.awaitLeader().id();
        create("/sessions");
        for (int i = 0; i < SESSIONS; i++) {
            try (RawSession session = new RawSession(port(i), SHORT_TIMEOUT_MS)) {
                session.createEphemeral("/sessions/" + i);
            }
        }

        Awaitility.await()
                .atMost(1, TimeUnit.MINUTES)
                .until(() -> client.exists("/sessions", false).getNumChildren() == 0);
        client.setData("/sessions", new byte[] {1}, -1);
        assertThat(quorum.awaitLeader().id()).isEqualTo(leader);
    }
}
