// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.QuorumLostException;
import io.varve.coordination.SessionExpiredException;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.NodeStat;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreeResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;

/**
 * A session on an Apache ZooKeeper ensemble.
 *
 * <p>The client's event thread is the coordinator's thread: it delivers watch events, states and the answers of operations in the one
 * order in which the server sent them, which is the order that {@link Coordinator} promises. An operation is handed to the client's
 * queue and never waited for; this class bounds how many may be in it.
 *
 * <p>Threading: safe.
 */
final class ZooKeeperSession implements Coordinator {

    /** Operations that may be under way; one more is refused. */
    static final int MOST_IN_FLIGHT = 16 * 1024;

    private final ZooKeeper client;
    private final int mostInFlight;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final SessionStates states = new SessionStates(SessionListener.State.SUSPENDED);
    private final CompletableFuture<Coordinator> connected = new CompletableFuture<>();
    private final ZooKeeperWatches watches;
    private volatile @Nullable Thread thread;

    private ZooKeeperSession(ZooKeeper client, int mostInFlight) {
        this.client = client;
        this.mostInFlight = mostInFlight;
        this.watches = new ZooKeeperWatches(client);
    }

    static CompletionStage<Coordinator> connect(String connectString, int sessionTimeoutMs, int connectTimeoutMs) {
        ZooKeeperSession session = open(connectString, sessionTimeoutMs, MOST_IN_FLIGHT);
        return session.connected
                .orTimeout(connectTimeoutMs, TimeUnit.MILLISECONDS)
                .exceptionally(failure -> {
                    session.closeLater();
                    if (!(failure instanceof TimeoutException)) {
                        throw new CompletionException(failure);
                    }
                    throw new CompletionException(new QuorumLostException(
                            "no server has accepted a session: connectString=" + connectString + ", connectTimeoutMs="
                                    + connectTimeoutMs + "; check that the ensemble runs and has a majority"));
                });
    }

    /** Begins to connect; operations wait in the client's queue until it is. */
    static ZooKeeperSession open(String connectString, int sessionTimeoutMs, int mostInFlight) {
        CompletableFuture<ZooKeeperSession> created = new CompletableFuture<>();
        try {
            // The client's event thread may run before its constructor has returned; it waits that long.
            ZooKeeper client = new ZooKeeper(
                    connectString, sessionTimeoutMs, event -> created.join().onSessionEvent(event));
            ZooKeeperSession session = new ZooKeeperSession(client, mostInFlight);
            created.complete(session);
            return session;
        } catch (IOException e) {
            throw new UncheckedIOException("ZooKeeper's client cannot be started", e);
        }
    }

    @Override
    public CompletionStage<String> create(String path, byte[] data, CreateMode mode) {
        return this.<String>call(
                path,
                data.length,
                answer -> client.create(
                        path,
                        data.clone(),
                        ZooDefs.Ids.OPEN_ACL_UNSAFE,
                        ZooKeeperValues.mode(mode),
                        (rc, asked, context, created) -> answer.take(rc, created),
                        null));
    }

    @Override
    public CompletionStage<NodeStat> set(String path, byte[] data, int expectedVersion) {
        return this.<NodeStat>call(
                path,
                data.length,
                answer -> client.setData(
                        path,
                        data.clone(),
                        expectedVersion,
                        (rc, asked, context, stat) -> answer.take(rc, rc == 0 ? ZooKeeperValues.stat(stat) : null),
                        null));
    }

    @Override
    public CompletionStage<Void> delete(String path, int expectedVersion) {
        return this.<@Nullable Void>call(
                path,
                0,
                answer -> client.delete(path, expectedVersion, (rc, asked, context) -> answer.take(rc, null), null));
    }

    @Override
    public CompletionStage<Node> get(String path) {
        return this.<Node>call(
                path,
                0,
                answer -> client.getData(
                        path,
                        false,
                        (rc, asked, context, data, stat) ->
                                answer.take(rc, rc == 0 ? ZooKeeperValues.node(data, stat) : null),
                        null));
    }

    @Override
    public CompletionStage<List<String>> children(String path) {
        return this.<List<String>>call(
                path,
                0,
                answer -> client.getChildren(
                        path,
                        false,
                        (int rc, String asked, Object context, List<String> names) -> answer.take(
                                rc, rc == 0 ? names.stream().sorted().toList() : null),
                        null));
    }

    @Override
    public CompletionStage<List<TreeResult>> multi(List<TreeOp> operations) {
        List<TreeOp> all = List.copyOf(operations);
        long bytes = all.stream().mapToLong(ZooKeeperValues::sizeBytes).sum();
        return this.<List<TreeResult>>call(
                "",
                bytes,
                answer -> client.multi(
                        all.stream().map(ZooKeeperValues::op).toList(),
                        (rc, asked, context, results) -> {
                            if (rc == 0) {
                                answer.take(0, ZooKeeperValues.results(results));
                            } else {
                                answer.fail(ZooKeeperValues.multiFailure(Code.get(rc), all, results));
                            }
                        },
                        null));
    }

    @Override
    public CompletionStage<AutoCloseable> watch(String path, TreeListener listener) {
        return this.<AutoCloseable>call(path, 0, answer -> watches.add(path, listener, answer::take));
    }

    /** Completes the stage of one operation. */
    private final class Answer<T extends @Nullable Object> {
        private final CompletableFuture<T> stage = new CompletableFuture<>();
        private final String path;

        Answer(String path) {
            this.path = path;
        }

        @SuppressWarnings("NullAway") // a value is there when rc is 0
        void take(int rc, @Nullable T value) {
            if (rc == 0) {
                inFlight.decrementAndGet();
                stage.complete(value);
            } else {
                fail(ZooKeeperValues.failure(Code.get(rc), path));
            }
        }

        void fail(RuntimeException failure) {
            inFlight.decrementAndGet();
            stage.completeExceptionally(failure);
        }
    }

    private <T extends @Nullable Object> CompletionStage<T> call(
            String path, long dataBytes, Consumer<Answer<T>> operation) {
        if (closed.get() || states.isLost()) {
            return CompletableFuture.failedFuture(
                    new SessionExpiredException("the session has ended: session=0x" + Long.toHexString(sessionId())));
        }
        if (dataBytes > ZooKeeperValues.MAX_REQUEST_BYTES) {
            // Sent, it would make the server close the connection, and all that is under way fail with it.
            return CompletableFuture.failedFuture(new IllegalArgumentException("data too large: path=" + path
                    + ", bytes=" + dataBytes + ", largest=" + ZooKeeperValues.MAX_REQUEST_BYTES));
        }
        if (inFlight.incrementAndGet() > mostInFlight) {
            inFlight.decrementAndGet();
            return CompletableFuture.failedFuture(new QuorumLostException(
                    "too many operations are under way: capacity=" + mostInFlight + "; try again later"));
        }
        Answer<T> answer = new Answer<>(path);
        try {
            operation.accept(answer);
        } catch (IllegalArgumentException e) {
            answer.fail(e);
        }
        return answer.stage;
    }

    private void onSessionEvent(WatchedEvent event) {
        if (event.getType() != EventType.None) {
            return;
        }
        switch (event.getState()) {
            case SyncConnected, ConnectedReadOnly -> onConnected();
            case Disconnected -> states.move(SessionListener.State.SUSPENDED);
            case Expired, AuthFailed, Closed -> {
                states.move(SessionListener.State.LOST);
                connected.completeExceptionally(new SessionExpiredException("the session ended before it began"));
            }
            default -> {} // SaslAuthenticated, which SyncConnected follows, and two that no server sends
        }
    }

    private void onConnected() {
        boolean first = thread == null;
        thread = Thread.currentThread();
        if (!first) {
            watches.missed();
        }
        states.move(SessionListener.State.CONNECTED);
        connected.complete(this);
    }

    @Override
    public long sessionId() {
        return client.getSessionId();
    }

    @Override
    public AutoCloseable onSessionState(SessionListener listener) {
        return states.add(listener);
    }

    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        states.move(
                SessionListener.State
                        .LOST); // first, so that no successor is told of its luck before this is of its loss
        if (Thread.currentThread() == thread) {
            startClosing();
        } else {
            closeClient();
        }
    }

    private void closeLater() {
        if (!closed.getAndSet(true)) {
            startClosing();
        }
    }

    private void startClosing() {
        Thread closing = new Thread(this::closeClient, "varve-zookeeper-close");
        closing.setDaemon(true);
        closing.start();
    }

    private void closeClient() {
        try {
            client.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the client has done its part; the session ends by its timeout
        }
    }
}
