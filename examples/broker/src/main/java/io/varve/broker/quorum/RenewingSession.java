// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.quorum;

import io.varve.broker.config.ConfigException;
import io.varve.coordination.CoordinationException;
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
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A broker's session: when it is lost another takes its place, as with Kafka's brokers on ZooKeeper. A broker whose session has expired
 * is no broker any more, yet still has its logs and its clients; so it comes back by itself.
 *
 * <p>What a lost session owned is gone. Hence, once there is a new one, first {@link #onRenewed} is called to own it again, and then
 * every watch, which goes on, is told {@link TreeListener.Change#MISSED}. Operations that were under way fail, as do those in between.
 * Listeners of the state hear of a loss as SUSPENDED; LOST comes when this is closed, or when its coordination has failed for good.
 *
 * <p>Threading: safe; one thread of its own opens sessions.
 */
public final class RenewingSession implements Coordinator {

    private static final Logger LOG = LoggerFactory.getLogger(RenewingSession.class);
    private static final long RETRY_MS = 1_000;

    private final Coordination coordination;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread started = new Thread(task, "varve-session");
        started.setDaemon(true);
        return started;
    });
    private final List<Watch> watches = new CopyOnWriteArrayList<>();
    private final List<SessionListener> listeners = new CopyOnWriteArrayList<>();
    private volatile Supplier<CompletionStage<?>> renewed = () -> CompletableFuture.completedFuture(null);
    private volatile SessionListener.State state = SessionListener.State.CONNECTED;
    private volatile Coordinator current;
    private volatile boolean closed;

    private RenewingSession(Coordination coordination) {
        this.coordination = coordination;
        this.current = coordination.openSession();
    }

    /**
     * Opens the first session, as {@link Coordination#openSession} does.
     *
     * @param coordination stays the caller's, who closes it after this
     */
    public static RenewingSession open(Coordination coordination) {
        RenewingSession session = new RenewingSession(coordination);
        session.follow(session.current);
        return session;
    }

    /** Sets what makes anew what a lost session has owned; called on a thread of this class, which waits for it. */
    public void onRenewed(Supplier<CompletionStage<?>> task) {
        renewed = task;
    }

    private void follow(Coordinator session) {
        session.onSessionState(next -> onState(session, next));
    }

    private void onState(Coordinator session, SessionListener.State next) {
        if (closed || session != current) {
            return;
        }
        if (next != SessionListener.State.LOST) {
            move(next);
            return;
        }
        move(SessionListener.State.SUSPENDED);
        LOG.error(
                "The session is lost: session=0x{}; records are served, but nothing about topics, configurations and brokers can change"
                        + " until there is another",
                Long.toHexString(session.sessionId()));
        synchronized (this) {
            if (!closed) {
                thread.execute(() -> renew(session));
            }
        }
    }

    private synchronized void move(SessionListener.State next) {
        if (state != next && state != SessionListener.State.LOST) {
            state = next;
            listeners.forEach(listener -> listener.onState(next));
        }
    }

    private void renew(Coordinator lost) {
        lost.close();
        Coordinator next = null;
        while (next == null && !closed) {
            next = tryToOpen();
        }
        if (next == null) {
            return;
        }
        current = next;
        if (closed) {
            next.close();
            return;
        }
        LOG.info("A new session: session=0x{}", Long.toHexString(next.sessionId()));
        follow(next); // before anything is done with it: when it is lost meanwhile, this begins anew
        // What was missed is read before anything is made anew: it tells what there is to be made.
        CompletableFuture.allOf(watches.stream().map(Watch::renew).toArray(CompletableFuture[]::new))
                .join();
        while (current == next && !closed && !own()) {
            pause();
        }
    }

    private @Nullable Coordinator tryToOpen() {
        try {
            return coordination.openSession();
        } catch (CoordinationException | ConfigException e) {
            Throwable failure = coordination.failure();
            if (failure == null) {
                LOG.warn("No session yet: {}", e.getMessage());
                pause();
            } else {
                LOG.error(
                        "There will be no other session: mend the cause, for example free the disk, and restart the broker",
                        failure);
                closed = true; // although the broker goes on to serve what it has
                move(SessionListener.State.LOST);
            }
            return null;
        }
    }

    private void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(RETRY_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // close() has ended the thread
        }
    }

    /** Whether what the session has owned is there again. */
    private boolean own() {
        try {
            renewed.get().toCompletableFuture().join();
            return true;
        } catch (CompletionException | CoordinationException e) {
            LOG.warn("What the session has owned is not there again yet: {}", String.valueOf(e.getMessage()));
            return false;
        }
    }

    @Override
    public CompletionStage<String> create(String path, byte[] data, CreateMode mode) {
        return current.create(path, data, mode);
    }

    @Override
    public CompletionStage<NodeStat> set(String path, byte[] data, int expectedVersion) {
        return current.set(path, data, expectedVersion);
    }

    @Override
    public CompletionStage<Void> delete(String path, int expectedVersion) {
        return current.delete(path, expectedVersion);
    }

    @Override
    public CompletionStage<Node> get(String path) {
        return current.get(path);
    }

    @Override
    public CompletionStage<List<String>> children(String path) {
        return current.children(path);
    }

    @Override
    public CompletionStage<List<TreeResult>> multi(List<TreeOp> operations) {
        return current.multi(operations);
    }

    @Override
    public CompletionStage<AutoCloseable> watch(String path, TreeListener listener) {
        Watch watch = new Watch(path, listener);
        watches.add(watch); // first, so that a session that is lost meanwhile hands it on
        return current.watch(path, listener).handle((registration, failure) -> {
            if (failure != null) {
                watches.remove(watch);
                throw failure instanceof CompletionException known ? known : new CompletionException(failure);
            }
            watch.registration = registration;
            return watch::remove;
        });
    }

    /** A watch that outlives the session it was set on. */
    private final class Watch {

        private final String path;
        private final TreeListener listener;
        private volatile @Nullable AutoCloseable registration;

        Watch(String path, TreeListener listener) {
            this.path = path;
            this.listener = listener;
        }

        /** Completes, always well, when the listener has been told that it has missed something. */
        CompletableFuture<Void> renew() {
            CompletableFuture<Void> told = new CompletableFuture<>();
            current.watch(path, listener).whenComplete((set, failure) -> {
                if (failure == null) {
                    registration = set;
                    listener.onChange(TreeListener.Change.MISSED, path, 0);
                } else {
                    LOG.warn(
                            "A watch could not be set anew, the next session will: path={}, reason={}",
                            path,
                            failure.getMessage());
                }
                told.complete(null);
            });
            return told;
        }

        void remove() throws Exception {
            watches.remove(this);
            AutoCloseable last = registration;
            if (last != null) {
                last.close();
            }
        }
    }

    /** The id of the present session; that of the last one while there is none. */
    @Override
    public long sessionId() {
        return current.sessionId();
    }

    @Override
    public synchronized AutoCloseable onSessionState(SessionListener listener) {
        listeners.add(listener);
        listener.onState(state);
        return () -> listeners.remove(listener);
    }

    /** Ends the session, and lets no other follow. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            thread.shutdownNow();
        }
        move(SessionListener.State.LOST);
        current.close();
    }
}
