// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import static io.varve.coordination.agent.Stages.bytes;
import static io.varve.coordination.agent.Stages.failure;
import static io.varve.coordination.agent.Stages.get;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.coordination.BadVersionException;
import io.varve.coordination.CoordinationException;
import io.varve.coordination.NoChildrenForEphemeralsException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.NotEmptyException;
import io.varve.coordination.SessionExpiredException;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.NodeStat;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreeResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link Coordinator} does. The tree begins with nothing below its root but what its server puts there. */
abstract class CoordinatorContract {

    /** Data that every implementation takes, and data that none does. */
    private static final int TAKEN_BYTES = 1_000_000;

    private static final int REFUSED_BYTES = 1 << 20;

    /** Opens another session on the one tree of this test. */
    abstract Coordinator openSession() throws Exception;

    @Test
    void shouldCreateAndGet() throws Exception {
        Coordinator session = openSession();

        String path = get(session.create("/a", bytes("1"), CreateMode.PERSISTENT));

        Node node = get(session.get("/a"));
        assertThat(path).isEqualTo("/a");
        assertThat(node.data()).isEqualTo(bytes("1"));
        assertThat(node.stat().version()).isZero();
        assertThat(node.stat().dataLength()).isEqualTo(1);
        assertThat(node.stat().ephemeralOwner()).isZero();
        assertThat(node.stat().czxid()).isPositive().isEqualTo(node.stat().mzxid());
    }

    @Test
    void shouldCopyTheData() throws Exception {
        Coordinator session = openSession();
        byte[] data = bytes("before");

        CompletionStage<String> created = session.create("/a", data, CreateMode.PERSISTENT);
        data[0] = 'X';
        get(created);

        assertThat(get(session.get("/a")).data()).isEqualTo(bytes("before"));
    }

    @Test
    void shouldNumberSequentialNodesUnderTheirParent() throws Exception {
        Coordinator session = openSession();
        get(session.create("/q", bytes(""), CreateMode.PERSISTENT));

        String first = get(session.create("/q/n-", bytes(""), CreateMode.PERSISTENT_SEQUENTIAL));
        String second = get(session.create("/q/n-", bytes(""), CreateMode.EPHEMERAL_SEQUENTIAL));
        String third = get(session.create("/q/other-", bytes(""), CreateMode.PERSISTENT_SEQUENTIAL));

        assertThat(List.of(first, second, third))
                .containsExactly("/q/n-0000000000", "/q/n-0000000001", "/q/other-0000000002");
    }

    @Test
    void shouldSetAtTheExpectedVersion() throws Exception {
        Coordinator session = openSession();
        get(session.create("/a", bytes("1"), CreateMode.PERSISTENT));

        NodeStat first = get(session.set("/a", bytes("two"), 0));
        NodeStat second = get(session.set("/a", bytes("3"), Coordinator.ANY_VERSION));

        assertThat(first.version()).isEqualTo(1);
        assertThat(first.dataLength()).isEqualTo(3);
        assertThat(second.version()).isEqualTo(2);
        assertThat(second.mzxid()).isGreaterThan(first.mzxid());
        assertThat(failure(session.set("/a", bytes("4"), 1))).isInstanceOf(BadVersionException.class);
        assertThat(get(session.get("/a")).data()).isEqualTo(bytes("3"));
    }

    @Test
    void shouldDeleteAtTheExpectedVersion() throws Exception {
        Coordinator session = openSession();
        get(session.create("/a", bytes(""), CreateMode.PERSISTENT));
        get(session.create("/a/b", bytes(""), CreateMode.PERSISTENT));

        assertThat(failure(session.delete("/a", Coordinator.ANY_VERSION))).isInstanceOf(NotEmptyException.class);
        assertThat(failure(session.delete("/a/b", 7))).isInstanceOf(BadVersionException.class);
        get(session.delete("/a/b", 0));
        get(session.delete("/a", Coordinator.ANY_VERSION));

        assertThat(failure(session.get("/a"))).isInstanceOf(NoNodeException.class);
    }

    @Test
    void shouldListChildrenSorted() throws Exception {
        Coordinator session = openSession();
        get(session.create("/a", bytes(""), CreateMode.PERSISTENT));
        for (String name : List.of("c", "a", "b")) {
            get(session.create("/a/" + name, bytes(""), CreateMode.PERSISTENT));
        }

        assertThat(get(session.children("/a"))).containsExactly("a", "b", "c");
        assertThat(get(session.children("/a/b"))).isEmpty();
        assertThat(get(session.get("/a")).stat().numChildren()).isEqualTo(3);
    }

    @Test
    void shouldRefuseWhatCannotBe() throws Exception {
        Coordinator session = openSession();
        get(session.create("/a", bytes(""), CreateMode.PERSISTENT));
        get(session.create("/e", bytes(""), CreateMode.EPHEMERAL));

        assertThat(failure(session.create("/a", bytes(""), CreateMode.PERSISTENT)))
                .isInstanceOf(NodeExistsException.class);
        assertThat(failure(session.create("/no/b", bytes(""), CreateMode.PERSISTENT)))
                .isInstanceOf(NoNodeException.class);
        assertThat(failure(session.create("/e/b", bytes(""), CreateMode.PERSISTENT)))
                .isInstanceOf(NoChildrenForEphemeralsException.class);
        assertThat(failure(session.get("/no"))).isInstanceOf(NoNodeException.class);
        assertThat(failure(session.children("/no"))).isInstanceOf(NoNodeException.class);
        assertThat(failure(session.set("/no", bytes(""), -1))).isInstanceOf(NoNodeException.class);
        assertThat(failure(session.delete("/no", -1))).isInstanceOf(NoNodeException.class);
        assertThat(failure(session.delete("/", -1))).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "/a/", "//a", "/a//b", "/a/./b", "/a/../b", "/a\u0000"})
    void shouldRefusePathsThatAreNone(String path) throws Exception {
        Coordinator session = openSession();

        assertThat(failure(session.create(path, bytes(""), CreateMode.PERSISTENT)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(failure(session.get(path))).isInstanceOf(IllegalArgumentException.class);
        assertThat(failure(session.multi(List.of(new TreeOp.Set(path, bytes(""), -1)))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldTakeDataUpToTheLimitAndGoOnAfterMore() throws Exception {
        Coordinator session = openSession();

        get(session.create("/a", new byte[TAKEN_BYTES], CreateMode.PERSISTENT));

        assertThat(failure(session.set("/a", new byte[REFUSED_BYTES], -1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(failure(session.create("/b", new byte[REFUSED_BYTES], CreateMode.PERSISTENT)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(get(session.get("/a")).data()).hasSize(TAKEN_BYTES);
        assertThat(get(session.get("/a")).stat().version()).isZero();
    }

    @Test
    void shouldApplyAllOfAMulti() throws Exception {
        Coordinator session = openSession();
        get(session.create("/epoch", bytes("1"), CreateMode.PERSISTENT));

        List<TreeResult> results = get(session.multi(List.of(
                new TreeOp.Check("/epoch", 0),
                new TreeOp.Create("/a", bytes("1"), CreateMode.PERSISTENT),
                new TreeOp.Create("/a/q", bytes(""), CreateMode.PERSISTENT_SEQUENTIAL),
                new TreeOp.Set("/a", bytes("2"), 0),
                new TreeOp.Delete("/a/q0000000000", 0))));

        assertThat(results).hasSize(5);
        assertThat(results.get(0)).isInstanceOf(TreeResult.Checked.class);
        assertThat(results.get(1))
                .isInstanceOfSatisfying(TreeResult.Created.class, created -> assertThat(created.path())
                        .isEqualTo("/a"));
        assertThat(results.get(2))
                .isInstanceOfSatisfying(TreeResult.Created.class, created -> assertThat(created.path())
                        .isEqualTo("/a/q0000000000"));
        assertThat(results.get(3)).isInstanceOfSatisfying(TreeResult.DataSet.class, set -> assertThat(
                        set.stat().version())
                .isEqualTo(1));
        assertThat(results.get(4)).isInstanceOf(TreeResult.Deleted.class);
        assertThat(get(session.children("/a"))).isEmpty();
    }

    @Test
    void shouldApplyNothingOfAMultiThatFails() throws Exception {
        Coordinator session = openSession();
        get(session.create("/epoch", bytes("1"), CreateMode.PERSISTENT));

        CompletionStage<List<TreeResult>> fenced = session.multi(List.of(
                new TreeOp.Create("/a", bytes("1"), CreateMode.PERSISTENT),
                new TreeOp.Check("/epoch", 3),
                new TreeOp.Delete("/no", -1)));

        assertThat(failure(fenced)).isInstanceOf(BadVersionException.class).hasMessageContaining("/epoch");
        assertThat(failure(session.get("/a"))).isInstanceOf(NoNodeException.class);
    }

    @Test
    void shouldCarryOutOperationsInTheOrderOfTheCalls() throws Exception {
        Coordinator session = openSession();
        get(session.create("/a", bytes("x"), CreateMode.PERSISTENT));
        List<Integer> completed = Collections.synchronizedList(new ArrayList<>());
        List<CompletionStage<?>> stages = new ArrayList<>();

        for (int i = 0; i < 200; i++) {
            int number = i;
            stages.add(session.set("/a", bytes("" + number), number).thenRun(() -> completed.add(2 * number)));
            stages.add(session.get("/a").thenAccept(node -> {
                assertThat(node.data()).isEqualTo(bytes("" + number));
                completed.add(2 * number + 1);
            }));
        }

        for (CompletionStage<?> stage : stages) {
            get(stage);
        }
        assertThat(completed).hasSize(400).isSorted();
    }

    @Test
    void shouldTellAWatchOfTheSubtreeInOrderAndBeforeTheStage() throws Exception {
        Coordinator session = openSession();
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        AutoCloseable watch = get(session.watch("/a", (change, path, zxid) -> told.add(change + path)));

        get(session.create("/a", bytes(""), CreateMode.PERSISTENT));
        get(session.create("/ab", bytes(""), CreateMode.PERSISTENT));
        get(session.create("/a/b", bytes(""), CreateMode.PERSISTENT));
        get(session.set("/a/b", bytes(""), -1));
        get(session.delete("/a/b", -1));

        assertThat(told).containsExactly("CREATED/a", "CREATED/a/b", "DATA_SET/a/b", "DELETED/a/b");
        watch.close();
        get(session.delete("/a", -1));
        assertThat(told).hasSize(4);
    }

    @Test
    void shouldTellWhichTransactionMadeAChange() throws Exception {
        Coordinator session = openSession();
        List<Long> zxids = Collections.synchronizedList(new ArrayList<>());
        get(session.watch("/a", (change, path, zxid) -> zxids.add(zxid)));

        get(session.create("/a", bytes(""), CreateMode.PERSISTENT));
        long set = get(session.set("/a", bytes("1"), -1)).mzxid();
        get(session.multi(List.of(
                new TreeOp.Set("/a", bytes("2"), -1), new TreeOp.Create("/a/b", bytes(""), CreateMode.PERSISTENT))));

        NodeStat last = get(session.get("/a")).stat();
        assertThat(zxids).containsExactly(last.czxid(), set, last.mzxid(), last.mzxid());
    }

    @Test
    void shouldTellEachOfSeveralWatchesOnce() throws Exception {
        Coordinator session = openSession();
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        TreeListener twice = (change, path, zxid) -> told.add("a" + path);
        AutoCloseable first = get(session.watch("/a", twice));
        get(session.watch("/a", twice));
        get(session.watch("/", (change, path, zxid) -> told.add("root" + path)));

        get(session.create("/a", bytes(""), CreateMode.PERSISTENT));
        assertThat(told).containsExactlyInAnyOrder("a/a", "a/a", "root/a");
        told.clear();
        first.close();
        first.close();
        get(session.set("/a", bytes(""), -1));

        assertThat(told).containsExactlyInAnyOrder("a/a", "root/a");
    }

    @Test
    void shouldTellOfAChangeBeforeAReadShowsIt() throws Exception {
        Coordinator reader = openSession();
        Coordinator writer = openSession();
        get(writer.create("/a", bytes("0"), CreateMode.PERSISTENT));
        AtomicReference<Integer> told = new AtomicReference<>(0);
        get(reader.watch("/a", (change, path, zxid) -> told.updateAndGet(count -> count + 1)));

        for (int i = 1; i <= 100; i++) {
            CompletionStage<NodeStat> set = writer.set("/a", bytes("" + i), -1);
            CompletionStage<Boolean> inOrder =
                    reader.get("/a").thenApply(node -> told.get() >= Integer.parseInt(Stages.text(node.data())));
            assertThat(get(inOrder)).isTrue();
            get(set);
        }

        Awaitility.await().until(() -> told.get() == 100);
    }

    @Test
    void shouldShowOneSessionWhatAnotherDoes() throws Exception {
        Coordinator first = openSession();
        Coordinator second = openSession();
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        get(second.watch("/", (change, path, zxid) -> told.add(change + path)));

        get(first.create("/a", bytes("1"), CreateMode.PERSISTENT));
        get(first.create("/e", bytes("1"), CreateMode.EPHEMERAL));

        assertThat(first.sessionId()).isNotEqualTo(second.sessionId());
        Awaitility.await().untilAsserted(() -> assertThat(told).containsSubsequence("CREATED/a", "CREATED/e"));
        assertThat(get(second.get("/e")).stat().ephemeralOwner()).isEqualTo(first.sessionId());
        assertThat(failure(second.create("/a", bytes(""), CreateMode.PERSISTENT)))
                .isInstanceOf(NodeExistsException.class);
    }

    @Test
    void shouldDropTheEphemeralsOfASessionThatCloses() throws Exception {
        Coordinator first = openSession();
        Coordinator second = openSession();
        get(first.create("/e", bytes(""), CreateMode.EPHEMERAL));
        get(first.create("/p", bytes(""), CreateMode.PERSISTENT));
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        get(second.watch("/e", (change, path, zxid) -> told.add(change + path)));

        first.close();
        first.close();

        Awaitility.await().untilAsserted(() -> assertThat(told).containsExactly("DELETED/e"));
        assertThat(get(second.children("/"))).contains("p").doesNotContain("e");
        assertThat(failure(first.get("/p"))).isInstanceOf(SessionExpiredException.class);
        assertThat(failure(first.multi(List.of(new TreeOp.Delete("/p", -1)))))
                .isInstanceOf(SessionExpiredException.class);
    }

    @Test
    void shouldTellTheStateOfTheSession() throws Exception {
        Coordinator session = openSession();
        List<SessionListener.State> states = Collections.synchronizedList(new ArrayList<>());
        session.onSessionState(states::add);

        session.close();
        session.onSessionState(states::add);

        assertThat(states)
                .containsExactly(
                        SessionListener.State.CONNECTED, SessionListener.State.LOST, SessionListener.State.LOST);
    }

    @Test
    void shouldLetAContinuationGoOn() throws Exception {
        Coordinator session = openSession();

        CompletionStage<Node> read = session.create("/a", bytes("1"), CreateMode.PERSISTENT)
                .thenCompose(path -> session.set(path, bytes("2"), 0))
                .thenCompose(stat -> session.get("/a"));

        assertThat(get(read).data()).isEqualTo(bytes("2"));
    }

    @Test
    void shouldElectOneCandidateAfterTheOther() throws Exception {
        Coordinator setup = openSession();
        get(setup.create("/election", bytes(""), CreateMode.PERSISTENT));
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        List<Long> fences = Collections.synchronizedList(new ArrayList<>());
        List<Coordinator> sessions = List.of(openSession(), openSession(), openSession());
        List<Election> candidates = new ArrayList<>();
        for (int i = 0; i < sessions.size(); i++) {
            candidates.add(
                    Election.join(sessions.get(i), "/election", bytes("" + i), new Candidate("" + i, told, fences)));
            int joined = i + 1;
            Awaitility.await().until(() -> get(setup.children("/election")).size() == joined);
        }
        Awaitility.await().untilAsserted(() -> assertThat(told).containsExactly("0 elected"));

        candidates.get(0).close();
        Awaitility.await().untilAsserted(() -> assertThat(told).endsWith("0 deposed", "1 elected"));
        sessions.get(1).close();
        Awaitility.await().untilAsserted(() -> assertThat(told).endsWith("2 elected"));

        assertThat(told)
                .containsExactlyInAnyOrder(
                        "0 elected",
                        "0 deposed",
                        "1 elected",
                        "1 deposed",
                        "1 failed SessionExpiredException",
                        "2 elected");
        assertThat(fences).hasSize(3).doesNotHaveDuplicates().isSorted();
        assertThat(candidates.get(2).isLeader()).isTrue();
        assertThat(get(setup.children("/election"))).hasSize(1);
    }

    @Test
    void shouldFenceWhatALeaderWrites() throws Exception {
        Coordinator setup = openSession();
        get(setup.create("/election", bytes(""), CreateMode.PERSISTENT));
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        Coordinator session = openSession();
        Election election = Election.join(
                session,
                "/election",
                bytes(""),
                new Candidate("0", told, Collections.synchronizedList(new ArrayList<>())));
        Awaitility.await().until(election::isLeader);
        TreeOp.Check check = election.check();
        get(session.multi(List.of(check, new TreeOp.Create("/done", bytes(""), CreateMode.PERSISTENT))));

        get(setup.delete(check.path(), -1)); // as the end of the session would do it

        assertThat(failure(session.multi(List.of(check, new TreeOp.Delete("/done", -1)))))
                .isInstanceOf(NoNodeException.class);
        assertThat(get(session.get("/done")).data()).isEmpty();
    }

    @Test
    void shouldSayThatAnElectionHasNoNode() throws Exception {
        List<String> told = Collections.synchronizedList(new ArrayList<>());

        Election.join(openSession(), "/no", bytes(""), new Candidate("0", told, new ArrayList<>()));

        Awaitility.await().untilAsserted(() -> assertThat(told).containsExactly("0 failed NoNodeException"));
    }

    @Test
    void shouldGiveALockToOneAtATime() throws Exception {
        Coordinator setup = openSession();
        get(setup.create("/lock", bytes(""), CreateMode.PERSISTENT));
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Long> fences = Collections.synchronizedList(new ArrayList<>());
        List<Coordinator> sessions = List.of(openSession(), openSession(), openSession());
        List<CompletionStage<?>> done = new ArrayList<>();

        for (int i = 0; i < 30; i++) {
            Lock lock = Lock.request(sessions.get(i % sessions.size()), "/lock");
            done.add(lock.acquired().thenAcceptAsync(fence -> {
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                fences.add(fence);
                inside.decrementAndGet();
                lock.close();
            }));
        }

        for (CompletionStage<?> stage : done) {
            get(stage);
        }
        assertThat(most).hasValue(1);
        assertThat(fences).hasSize(30).doesNotHaveDuplicates().isSorted();
        Awaitility.await().until(() -> get(setup.children("/lock")).isEmpty());
    }

    @Test
    void shouldLeaveNoNodeOfALockThatNobodyWaitsForAnyMore() throws Exception {
        Coordinator setup = openSession();
        get(setup.create("/lock", bytes(""), CreateMode.PERSISTENT));
        Lock held = Lock.request(openSession(), "/lock");
        get(held.acquired());
        Coordinator session = openSession();

        Lock given = Lock.request(session, "/lock");
        given.close(); // most likely before its node is known

        assertThat(failure(given.acquired())).isInstanceOf(CoordinationException.class);
        assertThat(given.isHeld()).isFalse();
        Awaitility.await()
                .during(Duration.ofMillis(200))
                .until(() -> get(setup.children("/lock")).size() == 1);
        assertThat(held.isHeld()).isTrue();
    }

    private record Candidate(String name, List<String> told, List<Long> fences) implements ElectionListener {
        @Override
        public void onElected(long fence) {
            fences.add(fence);
            told.add(name + " elected");
        }

        @Override
        public void onDeposed() {
            told.add(name + " deposed");
        }

        @Override
        public void onFailed(CoordinationException reason) {
            told.add(name + " failed " + reason.getClass().getSimpleName());
        }
    }
}
