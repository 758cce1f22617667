// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.QuorumLostException;
import io.varve.coordination.SessionExpiredException;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.Identity;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.NodeStat;
import io.varve.coordination.tree.SessionOwner;
import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeError;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreePaths;
import io.varve.coordination.tree.TreeReplica;
import io.varve.coordination.tree.TreeResult;
import io.varve.coordination.tree.TreeTransaction;
import io.varve.coordination.tree.WatchEvent;
import io.varve.coordination.tree.WatchKind;
import io.varve.coordination.tree.Watcher;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A session of this process on the member in it: no socket lies between. What it asks for takes effect in the order of the calls; a read
 * waits for the writes before it and for nothing else.
 *
 * <p>The process is trusted: no access list keeps it out.
 *
 * <p>Threading: safe; what changes is confined to the member's thread.
 */
final class LocalSession implements Coordinator {

    /** Operations that may wait; one more is refused. */
    static final int MOST_WAITING = 16 * 1024;

    private static final List<Identity> TRUSTED = List.of(Identity.SUPER);

    private final MemberThread thread;
    private final TreeReplica replica;
    private final SessionOwner owner;
    private final long sessionId;
    private final SessionStates states = new SessionStates(SessionListener.State.CONNECTED);
    private final AtomicInteger waiting = new AtomicInteger();
    private final Deque<Operation> operations = new ArrayDeque<>();
    private final Map<Watcher, Watched> watches = new LinkedHashMap<>();
    private volatile boolean ended;

    /** What waits for its turn: a write for its outcome, a read for the writes before it. */
    private static final class Operation {

        private final CompletableFuture<?> stage;
        private @Nullable Runnable completion;

        Operation(CompletableFuture<?> stage, @Nullable Runnable completion) {
            this.stage = stage;
            this.completion = completion;
        }
    }

    private record Watched(String path, TreeListener listener) {}

    LocalSession(MemberThread thread, TreeReplica replica, SessionOwner owner, long sessionId) {
        this.thread = thread;
        this.replica = replica;
        this.owner = owner;
        this.sessionId = sessionId;
    }

    @Override
    public CompletionStage<String> create(String path, byte[] data, CreateMode mode) {
        return update(new TreeOp.Create(path, data.clone(), mode))
                .thenApply(result -> ((TreeResult.Created) result).path());
    }

    @Override
    public CompletionStage<NodeStat> set(String path, byte[] data, int expectedVersion) {
        return update(new TreeOp.Set(path, data.clone(), expectedVersion))
                .thenApply(result -> ((TreeResult.DataSet) result).stat());
    }

    @Override
    public CompletionStage<Void> delete(String path, int expectedVersion) {
        return update(new TreeOp.Delete(path, expectedVersion)).thenAccept(result -> {});
    }

    private CompletionStage<TreeResult> update(TreeOp operation) {
        return write(
                List.of(path(operation)),
                new TreeCommand.Update(sessionId, owner, TRUSTED, operation),
                result -> result);
    }

    @Override
    public CompletionStage<List<TreeResult>> multi(List<TreeOp> operations) {
        return write(
                operations.stream().map(LocalSession::path).toList(),
                new TreeCommand.Multi(sessionId, owner, TRUSTED, operations),
                result -> ((TreeResult.Multi) result).results());
    }

    /** The path as it will be: a sequential one gets a number. */
    private static String path(TreeOp operation) {
        boolean isNumbered =
                operation instanceof TreeOp.Create create && create.mode().isSequential();
        return isNumbered ? operation.path() + "0" : operation.path();
    }

    @Override
    public CompletionStage<Node> get(String path) {
        return read(() -> {
            TreePaths.require(path);
            Node node = replica.tree().get(path);
            if (node == null) {
                throw new NoNodeException("no such node: path=" + path);
            }
            return new Node(node.data().clone(), node.stat());
        });
    }

    @Override
    public CompletionStage<List<String>> children(String path) {
        return read(() -> {
            TreePaths.require(path);
            List<String> children = replica.tree().children(path);
            if (children == null) {
                throw new NoNodeException("no such node: path=" + path);
            }
            return children.stream().sorted().toList();
        });
    }

    @Override
    public CompletionStage<AutoCloseable> watch(String path, TreeListener listener) {
        Watcher watcher = event -> tell(listener, event);
        return read(() -> {
            TreePaths.require(path);
            replica.watches().add(WatchKind.PERSISTENT_RECURSIVE, path, watcher);
            watches.put(watcher, new Watched(path, listener));
            return () -> thread.execute(() -> removeWatch(watcher));
        });
    }

    private void removeWatch(Watcher watcher) {
        watches.remove(watcher);
        replica.watches().removeAll(watcher);
    }

    private static void tell(TreeListener listener, WatchEvent event) {
        switch (event.type()) {
            case NODE_CREATED -> listener.onChange(TreeListener.Change.CREATED, event.path(), event.zxid());
            case NODE_DATA_CHANGED -> listener.onChange(TreeListener.Change.DATA_SET, event.path(), event.zxid());
            case NODE_DELETED -> listener.onChange(TreeListener.Change.DELETED, event.path(), event.zxid());
            case NODE_CHILDREN_CHANGED -> {} // told of the child itself
        }
    }

    private <T> CompletionStage<T> write(List<String> paths, TreeCommand command, Function<TreeResult, T> value) {
        CompletableFuture<T> stage = new CompletableFuture<>();
        return enqueue(stage, () -> {
            paths.forEach(TreePaths::require);
            Operation operation = new Operation(stage, null);
            operations.add(operation);
            replica.submit(command, new Submission() {
                @Override
                public void applied(TreeTransaction transaction) {
                    complete(operation, () -> complete(stage, transaction.result(), value));
                }

                @Override
                public void lost(String reason) {
                    complete(operation, () -> stage.completeExceptionally(new QuorumLostException(reason)));
                }
            });
        });
    }

    private static <T> void complete(CompletableFuture<T> stage, TreeResult result, Function<TreeResult, T> value) {
        TreeResult.Failed failed = firstFailure(result);
        if (failed == null) {
            stage.complete(value.apply(result));
        } else {
            stage.completeExceptionally(exception(failed));
        }
    }

    /** What the caller has done wrong is told as in all of Java. */
    private static RuntimeException exception(TreeResult.Failed failed) {
        return switch (failed.error()) {
            case BAD_ARGUMENTS, INVALID_ACL -> new IllegalArgumentException(failed.message());
            default -> failed.error().exception(failed.message());
        };
    }

    private static TreeResult.@Nullable Failed firstFailure(TreeResult result) {
        if (result instanceof TreeResult.Failed failed) {
            return failed;
        }
        if (result instanceof TreeResult.Multi multi) {
            for (TreeResult part : multi.results()) {
                if (part instanceof TreeResult.Failed failed && failed.error() != TreeError.OK) {
                    return failed;
                }
            }
        }
        return null;
    }

    private <T> CompletionStage<T> read(Supplier<T> reading) {
        CompletableFuture<T> stage = new CompletableFuture<>();
        return enqueue(stage, () -> {
            operations.add(new Operation(stage, () -> {
                try {
                    stage.complete(reading.get());
                } catch (CoordinationException | IllegalArgumentException e) {
                    stage.completeExceptionally(e);
                }
            }));
            drain();
        });
    }

    private <T> CompletionStage<T> enqueue(CompletableFuture<T> stage, Runnable work) {
        if (ended) {
            stage.completeExceptionally(expired());
        } else if (waiting.incrementAndGet() > MOST_WAITING) {
            waiting.decrementAndGet();
            stage.completeExceptionally(new QuorumLostException(
                    "too many operations wait: capacity=" + MOST_WAITING + "; try again later"));
        } else if (!thread.execute(() -> begin(stage, work))) {
            waiting.decrementAndGet();
            stage.completeExceptionally(expired());
        }
        return stage;
    }

    private void begin(CompletableFuture<?> stage, Runnable work) {
        if (ended) {
            waiting.decrementAndGet();
            stage.completeExceptionally(expired());
            return;
        }
        try {
            work.run();
        } catch (IllegalArgumentException e) {
            waiting.decrementAndGet();
            stage.completeExceptionally(e);
        }
    }

    private void complete(Operation operation, Runnable completion) {
        operation.completion = completion;
        drain();
    }

    /** Completes what has its outcome, up to the first write that has none. */
    private void drain() {
        for (Operation next = operations.peek(); next != null && next.completion != null; next = operations.peek()) {
            operations.remove();
            waiting.decrementAndGet();
            next.completion.run();
        }
    }

    private SessionExpiredException expired() {
        return new SessionExpiredException("the session has ended: session=" + sessionId);
    }

    @Override
    public long sessionId() {
        return sessionId;
    }

    SessionOwner owner() {
        return owner;
    }

    @Override
    public AutoCloseable onSessionState(SessionListener listener) {
        return states.add(listener);
    }

    /** The member serves its clients, or does so no more for the time being. */
    void onServing(boolean serving) {
        states.move(serving ? SessionListener.State.CONNECTED : SessionListener.State.SUSPENDED);
    }

    /** The tree has been replaced by a later one, and changes between the two were told to nobody. */
    void onMissed() {
        for (Watched watched : new ArrayList<>(watches.values())) {
            watched.listener()
                    .onChange(
                            TreeListener.Change.MISSED,
                            watched.path(),
                            replica.tree().lastZxid());
        }
    }

    /** The session has expired, or the member stops: everything that waits fails. On the member's thread. */
    void lost() {
        ended = true;
        states.move(SessionListener.State.LOST);
        new ArrayList<>(watches.keySet()).forEach(this::removeWatch);
        List<Operation> left = new ArrayList<>(operations);
        operations.clear();
        waiting.addAndGet(-left.size());
        left.forEach(operation -> operation.stage.completeExceptionally(expired()));
    }

    @Override
    public void close() {
        if (ended) {
            return;
        }
        ended = true;
        states.move(
                SessionListener.State
                        .LOST); // first, so that no successor is told of its luck before this is of its loss
        thread.execute(() -> {
            lost();
            replica.submit(new TreeCommand.CloseSession(sessionId, false), Submission.UNATTENDED);
        });
    }
}
