// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.coordination.QuorumLostException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.agent.SessionListener;
import io.varve.coordination.agent.TreeListener;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.NodeStat;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreeResult;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A session to which something happens at its writes: others are faster, or its process dies. */
final class FragileCoordinator implements Coordinator {

    private volatile Coordinator session;
    private volatile TreeListener listener = (change, path, zxid) -> {};
    private final AtomicReference<@Nullable Runnable> beforeMulti = new AtomicReference<>();
    private final AtomicInteger multisLeft = new AtomicInteger(Integer.MAX_VALUE);
    private volatile boolean writesLast;
    private volatile boolean isCut;

    FragileCoordinator(Coordinator session) {
        this.session = session;
    }

    /** Lets something happen once, between the decision to write and the next write. */
    void beforeNextMulti(Runnable event) {
        beforeMulti.set(event);
    }

    /**
     * Lets the process die at a write.
     *
     * @param multis how many writes are still done
     * @param writes whether the one after them is done, too, though nobody hears of that any more
     */
    void dieAfter(int multis, boolean writes) {
        writesLast = writes;
        multisLeft.set(multis);
    }

    /** Puts another session in the place of this one, which was lost; nobody is told of what happened meanwhile. */
    void replace(Coordinator next) {
        session = next;
        isCut = false;
    }

    /** Lets the watch of a session that was lost go on in the one that has replaced it. */
    CompletionStage<?> watchAgain() {
        return session.watch("/", listener).thenAccept(watch -> listener.onChange(TreeListener.Change.MISSED, "/", 0));
    }

    /** Whether it has died. */
    boolean isDead() {
        return isCut;
    }

    /** Lets nothing through any more. */
    void cut() {
        isCut = true;
    }

    @Override
    public CompletionStage<List<TreeResult>> multi(List<TreeOp> operations) {
        Runnable event = beforeMulti.getAndSet(null);
        if (event != null) {
            return CompletableFuture.runAsync(event).thenCompose(nothing -> multi(operations));
        }
        if (multisLeft.getAndDecrement() <= 0 && !isCut) {
            cut();
            CompletionStage<?> last = writesLast ? session.multi(operations) : CompletableFuture.completedFuture(null);
            last.whenCompleteAsync((results, failure) -> session.close());
        }
        return guarded(() -> session.multi(operations));
    }

    private <T> CompletionStage<T> guarded(Supplier<CompletionStage<T>> operation) {
        return isCut ? CompletableFuture.failedFuture(new QuorumLostException("dead")) : operation.get();
    }

    @Override
    public CompletionStage<String> create(String path, byte[] data, CreateMode mode) {
        return guarded(() -> session.create(path, data, mode));
    }

    @Override
    public CompletionStage<NodeStat> set(String path, byte[] data, int expectedVersion) {
        return guarded(() -> session.set(path, data, expectedVersion));
    }

    @Override
    public CompletionStage<Void> delete(String path, int expectedVersion) {
        return guarded(() -> session.delete(path, expectedVersion));
    }

    @Override
    public CompletionStage<Node> get(String path) {
        return guarded(() -> session.get(path));
    }

    @Override
    public CompletionStage<List<String>> children(String path) {
        return guarded(() -> session.children(path));
    }

    @Override
    public CompletionStage<AutoCloseable> watch(String path, TreeListener watcher) {
        listener = watcher;
        Coordinator watching = session;
        return guarded(() -> watching.watch(path, (change, changed, zxid) -> {
            if (!isCut && session == watching) {
                watcher.onChange(change, changed, zxid);
            }
        }));
    }

    @Override
    public long sessionId() {
        return session.sessionId();
    }

    @Override
    public AutoCloseable onSessionState(SessionListener listener) {
        return session.onSessionState(listener);
    }

    @Override
    public void close() {
        session.close();
    }
}
