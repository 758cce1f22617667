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
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A session on the embedded coordinator.
 *
 * <p>Threading: safe.
 */
final class EmbeddedSession implements Coordinator {

    private final EmbeddedCoordinator coordinator;
    private final long sessionId;
    private final SessionStates states = new SessionStates(SessionListener.State.CONNECTED);
    private final AtomicBoolean ended = new AtomicBoolean();

    EmbeddedSession(EmbeddedCoordinator coordinator, long sessionId) {
        this.coordinator = coordinator;
        this.sessionId = sessionId;
    }

    @Override
    public CompletionStage<String> create(String path, byte[] data, CreateMode mode) {
        return multi(List.of(new TreeOp.Create(path, data.clone(), mode)))
                .thenApply(results -> ((TreeResult.Created) results.get(0)).path());
    }

    @Override
    public CompletionStage<NodeStat> set(String path, byte[] data, int expectedVersion) {
        return multi(List.of(new TreeOp.Set(path, data.clone(), expectedVersion)))
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
    public AutoCloseable onSessionState(SessionListener listener) {
        return states.add(listener);
    }

    /** The log behind the session has failed. */
    void lost() {
        ended.set(true);
        states.move(SessionListener.State.LOST);
    }

    @Override
    public void close() {
        if (ended.getAndSet(true)) {
            return;
        }
        lost(); // first, so that no successor is told of its luck before this is of its loss
        coordinator.endSession(this);
        coordinator.submit(new TreeCommand.CloseSession(sessionId));
    }
}
