// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.QuorumLostException;
import io.varve.coordination.SessionExpiredException;
import io.varve.coordination.tree.SessionOwner;
import io.varve.coordination.tree.TreeChange;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeError;
import io.varve.coordination.tree.TreeResult;
import io.varve.coordination.tree.TreeSession;
import io.varve.coordination.tree.TreeTransaction;
import io.varve.log.LogException;
import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A quorum of one member, in this process: the tree on a log, and the sessions on the tree.
 *
 * <p>One thread takes operations from a bounded queue, in the order of the calls. It decides, appends and applies as many as are
 * waiting, makes them durable with one flush, and only then tells the watches and completes the stages. When the log fails, all
 * sessions are lost and every operation fails until the coordinator is opened anew.
 *
 * <p>Threading: safe.
 */
public final class EmbeddedCoordinator implements AutoCloseable {

    /** Operations that may wait; one more is refused. */
    static final int QUEUE_CAPACITY = 16 * 1024;

    private static final int MOST_PER_FLUSH = 512;
    private static final int MEMBER = 0;

    /** Sessions in this process end when they are closed. */
    private static final int NEVER_MS = Integer.MAX_VALUE;

    private final BlockingQueue<Operation> queue = new ArrayBlockingQueue<>(QUEUE_CAPACITY);
    private final List<EmbeddedSession> sessions = new CopyOnWriteArrayList<>();
    private final List<Watch> watches = new CopyOnWriteArrayList<>();
    private final AtomicLong connections = new AtomicLong();
    private final TreeStore store;
    private final InstantSource clock;
    private final Thread thread;
    private volatile boolean closed;
    private volatile @Nullable RuntimeException failure;

    private EmbeddedCoordinator(TreeStore store, InstantSource clock) {
        this.store = store;
        this.clock = clock;
        for (TreeSession session : List.copyOf(store.tree().sessions())) {
            store.commit(new TreeCommand.CloseSession(session.id(), true), clock.millis());
        }
        store.flush();
        this.thread = new Thread(this::run, "varve-coordinator");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Opens the tree in a directory, creating it when it does not exist. Ephemeral nodes of an earlier run are removed.
     *
     * @throws StorageException when the directory cannot be read or written
     * @throws LogException when what is there is damaged
     */
    public static EmbeddedCoordinator open(Path directory) {
        return open(ChannelStorage.open(directory), InstantSource.system());
    }

    /** Opens the tree in a storage, with a clock of the caller's; see {@link #open(Path)}. */
    public static EmbeddedCoordinator open(Storage storage, InstantSource clock) {
        return new EmbeddedCoordinator(new TreeStore(storage), clock);
    }

    /**
     * Opens a session on the tree.
     *
     * @throws CoordinationException when the coordinator has failed or is closed
     */
    public Coordinator openSession() {
        SessionOwner owner = new SessionOwner(MEMBER, connections.incrementAndGet());
        TreeCommand open = new TreeCommand.OpenSession(owner, NEVER_MS, new byte[TreeSession.PASSWORD_BYTES]);
        TreeResult.Opened opened = (TreeResult.Opened) await(submit(open));
        EmbeddedSession session = new EmbeddedSession(this, opened.sessionId(), owner);
        sessions.add(session);
        return session;
    }

    private static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof CoordinationException cause ? cause : e;
        }
    }

    private record Watch(EmbeddedSession session, String path, TreeListener listener) {}

    /** What waits in the queue: work on the thread, which returns what completes the stage once all is durable. */
    private record Operation(Supplier<Runnable> work, CompletableFuture<?> stage) {}

    /** Carries out a command in its turn. The stage fails when the command does. */
    CompletionStage<TreeResult> submit(TreeCommand command) {
        CompletableFuture<TreeResult> stage = new CompletableFuture<>();
        return enqueue(stage, () -> {
            TreeTransaction transaction = store.commit(command, clock.millis());
            return () -> {
                tell(transaction);
                complete(stage, transaction.result());
            };
        });
    }

    private static void complete(CompletableFuture<TreeResult> stage, TreeResult result) {
        TreeResult.Failed failed = failure(result);
        if (failed == null) {
            stage.complete(result);
        } else {
            stage.completeExceptionally(failed.error().exception(failed.message()));
        }
    }

    /** What made a command fail: itself, or the first operation of a multi with an error of its own. */
    private static TreeResult.@Nullable Failed failure(TreeResult result) {
        if (result instanceof TreeResult.Multi multi) {
            for (TreeResult each : multi.results()) {
                if (each instanceof TreeResult.Failed failed && failed.error() != TreeError.OK) {
                    return failed;
                }
            }
        }
        return result instanceof TreeResult.Failed failed ? failed : null;
    }

    /** Reads in its turn. */
    <T> CompletionStage<T> read(Supplier<T> reading) {
        CompletableFuture<T> stage = new CompletableFuture<>();
        return enqueue(stage, () -> {
            T result = reading.get();
            return () -> stage.complete(result);
        });
    }

    CompletionStage<AutoCloseable> watch(EmbeddedSession session, String path, TreeListener listener) {
        return read(() -> {
            Watch watch = new Watch(session, path, listener);
            watches.add(watch);
            return () -> watches.remove(watch);
        });
    }

    void endSession(EmbeddedSession session) {
        sessions.remove(session);
        watches.removeIf(watch -> watch.session() == session);
    }

    TreeStore store() {
        return store;
    }

    private <T> CompletionStage<T> enqueue(CompletableFuture<T> stage, Supplier<Runnable> work) {
        RuntimeException failed = failure;
        if (failed != null) {
            stage.completeExceptionally(failed);
        } else if (closed) {
            stage.completeExceptionally(new SessionExpiredException("the coordinator is closed"));
        } else if (!queue.offer(new Operation(work, stage))) {
            stage.completeExceptionally(new QuorumLostException(
                    "too many operations wait: capacity=" + QUEUE_CAPACITY + "; try again later"));
        }
        return stage;
    }

    private void run() {
        List<Operation> operations = new ArrayList<>();
        while (!closed || !queue.isEmpty()) {
            operations.clear();
            try {
                operations.add(queue.take());
            } catch (InterruptedException e) {
                throw new IllegalStateException("nobody interrupts the coordinator's thread", e);
            }
            queue.drainTo(operations, MOST_PER_FLUSH - 1);
            carryOut(operations);
        }
    }

    private void carryOut(List<Operation> operations) {
        List<Runnable> completions = new ArrayList<>(operations.size());
        try {
            for (Operation operation : operations) {
                completions.add(carryOut(operation));
            }
            store.flush();
            completions.forEach(Runnable::run);
            store.snapshotIfDue();
        } catch (LogException | StorageException e) {
            fail(new CoordinationException("the coordinator's log has failed: " + e.getMessage(), e), operations);
        }
    }

    private static Runnable carryOut(Operation operation) {
        try {
            return operation.work().get();
        } catch (CoordinationException | IllegalArgumentException e) {
            return () -> operation.stage().completeExceptionally(e);
        }
    }

    private void fail(CoordinationException reason, List<Operation> operations) {
        failure = reason;
        operations.forEach(operation -> operation.stage().completeExceptionally(reason));
        List<Operation> waiting = new ArrayList<>();
        queue.drainTo(waiting);
        waiting.forEach(operation -> operation.stage().completeExceptionally(reason));
        sessions.forEach(EmbeddedSession::lost);
    }

    private void tell(TreeTransaction transaction) {
        for (TreeChange change : transaction.changes()) {
            TreeListener.Change kind = kind(change);
            if (kind == null) {
                continue;
            }
            for (Watch watch : watches) {
                if (isAtOrBelow(watch.path(), change.path())) {
                    watch.listener().onChange(kind, change.path(), transaction.zxid());
                }
            }
        }
    }

    private static boolean isAtOrBelow(String root, String path) {
        return root.equals("/") || path.equals(root) || path.startsWith(root + "/");
    }

    private static TreeListener.@Nullable Change kind(TreeChange change) {
        if (change instanceof TreeChange.AclSet) {
            return null;
        }
        if (change instanceof TreeChange.Created) {
            return TreeListener.Change.CREATED;
        }
        return change instanceof TreeChange.DataSet ? TreeListener.Change.DATA_SET : TreeListener.Change.DELETED;
    }

    /** Finishes what is queued, ends all sessions and closes the log. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        for (EmbeddedSession session : sessions) {
            session.close();
        }
        closed = true;
        // Wakes the thread when it waits; not an interrupt, which would close the log's files under it.
        boolean woken = queue.offer(new Operation(() -> () -> {}, new CompletableFuture<>()));
        assert woken || !queue.isEmpty();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        store.close();
    }
}
