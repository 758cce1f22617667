// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.NoNodeException;
import io.varve.coordination.SessionExpiredException;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.NodeStat;
import io.varve.coordination.tree.SessionOwner;
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
    private final SessionOwner owner;
    private final List<SessionListener> listeners = new CopyOnWriteArrayList<>();
    private final AtomicBoolean ended = new AtomicBoolean();

    EmbeddedSession(EmbeddedCoordinator coordinator, long sessionId, SessionOwner owner) {
        this.coordinator = coordinator;
        this.sessionId = sessionId;
        this.owner = owner;
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
                : coordinator.read(() -> {
                    Node node = coordinator.store().tree().get(path);
                    if (node == null) {
                        throw new NoNodeException("no such node: path=" + path);
                    }
                    return new Node(node.data().clone(), node.stat());
                });
    }

    @Override
    public CompletionStage<List<String>> children(String path) {
        return ended.get()
                ? expired()
                : coordinator.read(() -> {
                    List<String> children = coordinator.store().tree().children(path);
                    if (children == null) {
                        throw new NoNodeException("no such node: path=" + path);
                    }
                    return children.stream().sorted().toList();
                });
    }

    @Override
    public CompletionStage<List<TreeResult>> multi(List<TreeOp> operations) {
        return ended.get()
                ? expired()
                : coordinator
                        .submit(new TreeCommand.Multi(sessionId, owner, List.of(), owned(operations)))
                        .thenApply(result -> ((TreeResult.Multi) result).results());
    }

    /** The operations with data of their own, as the tree keeps the arrays. */
    private static List<TreeOp> owned(List<TreeOp> operations) {
        return operations.stream().map(EmbeddedSession::owned).toList();
    }

    private static TreeOp owned(TreeOp operation) {
        if (operation instanceof TreeOp.Create create) {
            byte[] data = create.data().clone();
            return new TreeOp.Create(create.path(), data, create.acl(), create.mode(), create.ttlMs());
        }
        return operation instanceof TreeOp.Set set
                ? new TreeOp.Set(set.path(), set.data().clone(), set.expectedVersion())
                : operation;
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
        coordinator.submit(new TreeCommand.CloseSession(sessionId, false));
        lost();
    }
}
