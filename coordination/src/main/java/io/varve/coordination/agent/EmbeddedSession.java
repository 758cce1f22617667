// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.SessionExpiredException;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.NodeStat;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreeResult;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A session on the embedded coordinator.
 *
 * <p>Threading: safe.
 */
final class EmbeddedSession implements Coordinator {

    private final EmbeddedCoordinator coordinator;
    private final long sessionId;
    private final List<SessionListener> listeners = new CopyOnWriteArrayList<>();
    private final AtomicBoolean ended = new AtomicBoolean();

    EmbeddedSession(EmbeddedCoordinator coordinator, long sessionId) {
        this.coordinator = coordinator;
        this.sessionId = sessionId;
    }

    @Override
    public CompletionStage<String> create(String path, byte[] data, CreateMode mode) {
        return multi(List.of(new TreeOp.Create(path, data, mode)))
                .thenApply(results -> ((TreeResult.Created) results.get(0)).path());
    }

    @Override
    public CompletionStage<NodeStat> set(String path, byte[] data, int expectedVersion) {
        return multi(List.of(new TreeOp.Set(path, data, expectedVersion)))
                .thenApply(results -> ((TreeResult.DataSet) results.get(0)).stat());
    }

    @Override
    public CompletionStage<Void> delete(String path, int expectedVersion) {
        return multi(List.of(new TreeOp.Delete(path, expectedVersion))).thenAccept(results -> {});
    }

    @Override
    public CompletionStage<Node> get(String path) {
        return ended.get()
                ? expired()
                : coordinator.read(() -> coordinator.store().get(path));
    }

    @Override
    public CompletionStage<List<String>> children(String path) {
        return ended.get()
                ? expired()
                : coordinator.read(() -> coordinator.store().children(path));
    }

    @Override
    public CompletionStage<List<TreeResult>> multi(List<TreeOp> operations) {
        return ended.get() ? expired() : coordinator.submit(new TreeCommand.Multi(sessionId, List.copyOf(operations)));
    }

    @Override
    public CompletionStage<AutoCloseable> watch(String path, TreeListener listener) {
        return ended.get() ? expired() : coordinator.watch(this, path, listener);
    }

    private <T> CompletionStage<T> expired() {
        return CompletableFuture.failedFuture(
                new SessionExpiredException("the session has ended: session=" + sessionId));
    }

    @Override
    public long sessionId() {
        return sessionId;
    }

    @Override
    public void onSessionState(SessionListener listener) {
        listeners.add(listener);
        listener.onState(ended.get() ? SessionListener.State.LOST : SessionListener.State.CONNECTED);
    }

    /** The log behind the session has failed. */
    void lost() {
        if (ended.compareAndSet(false, true)) {
            listeners.forEach(listener -> listener.onState(SessionListener.State.LOST));
        }
    }

    @Override
    public void close() {
        if (ended.get()) {
            return;
        }
        coordinator.endSession(this);
        coordinator.submit(new TreeCommand.CloseSession(sessionId));
        lost();
    }
}
