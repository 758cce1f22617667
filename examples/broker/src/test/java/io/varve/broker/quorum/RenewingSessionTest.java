// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.coordination.QuorumLostException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.agent.QuorumNode;
import io.varve.coordination.agent.SessionListener;
import io.varve.coordination.agent.TreeListener;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.MemberStatus;
import io.varve.log.storage.MemoryStorage;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RenewingSessionTest {

    private final QuorumNode node = QuorumNode.open(new MemoryStorage(), new MemoryStorage());
    private final Coordinator other = node.openSession();
    private final Sessions sessions = new Sessions();
    private final RenewingSession session = RenewingSession.open(sessions);

    /** Sessions on the node, the last of which a test can end as if it had expired. */
    private final class Sessions implements Coordination {

        private volatile Coordinator last;
        private volatile int refusals;
        private volatile @Nullable Throwable failure;

        @Override
        public Coordinator openSession() {
            if (refusals-- > 0) {
                throw new QuorumLostException("not yet");
            }
            last = node.openSession();
            return last;
        }

        @Override
        public @Nullable CompletionStage<MemberStatus> memberStatus() {
            return null;
        }

        @Override
        public @Nullable Throwable failure() {
            return failure;
        }

        @Override
        public void close() {}
    }

    @AfterEach
    void close() {
        session.close();
        node.close();
    }

    @Test
    void shouldOwnAnewWhatALostSessionHasOwned() throws Exception {
        session.onRenewed(() -> session.create("/mine", new byte[0], CreateMode.EPHEMERAL));
        get(session.create("/mine", new byte[0], CreateMode.EPHEMERAL));
        long first = session.sessionId();

        sessions.last.close();

        Awaitility.await().ignoreExceptions().until(() -> owner("/mine") != first);
        assertThat(owner("/mine")).isEqualTo(session.sessionId());
    }

    @Test
    void shouldTellItsWatchesThatTheyHaveMissedSomethingAndGoOn() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        AutoCloseable closed = get(session.watch("/", (change, path, zxid) -> told.add("closed")));
        closed.close();
        get(session.watch("/", (change, path, zxid) -> told.add(change + " " + path)));

        sessions.last.close();

        Awaitility.await().until(() -> told.contains(TreeListener.Change.MISSED + " /"));
        get(other.create("/a", new byte[0], CreateMode.PERSISTENT));
        Awaitility.await().until(() -> told.contains(TreeListener.Change.CREATED + " /a"));
        assertThat(told).doesNotContain("closed");
    }

    @Test
    void shouldTryAgainUntilThereIsASession() throws Exception {
        List<SessionListener.State> states = new CopyOnWriteArrayList<>();
        session.onSessionState(states::add);
        long first = session.sessionId();
        sessions.refusals = 2;

        sessions.last.close();

        Awaitility.await().until(() -> session.sessionId() != first);
        Awaitility.await()
                .until(() -> states.equals(List.of(
                        SessionListener.State.CONNECTED,
                        SessionListener.State.SUSPENDED,
                        SessionListener.State.CONNECTED)));
        assertThat(get(session.children("/"))).contains("zookeeper");
    }

    @Test
    void shouldGiveUpWhenThereCanBeNoOther() {
        List<SessionListener.State> states = new CopyOnWriteArrayList<>();
        session.onSessionState(states::add);
        sessions.failure = new IllegalStateException("no disk");
        sessions.refusals = Integer.MAX_VALUE;

        sessions.last.close();

        Awaitility.await().until(() -> states.contains(SessionListener.State.LOST));
    }

    private long owner(String path) throws Exception {
        return get(other.get(path)).stat().ephemeralOwner();
    }

    private static <T> T get(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
