// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.coordination.CoordinationException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.QuorumLostException;
import io.varve.coordination.SessionExpiredException;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.TreeOp;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One candidate among those that want to lead; the one with the oldest node does.
 *
 * <p>ZooKeeper's recipe ("ZooKeeper Recipes and Solutions", Leader Election): a candidate is an ephemeral sequential node below the
 * election's node. The one with the lowest number leads; every other watches the one just before it, so that the end of a leader wakes
 * one candidate and not all. The name begins with an id of the candidate, by which it finds a node that was created although the answer
 * was lost.
 *
 * <p>No session can know at every instant that it is alive: a leader whose process was paused may for a while believe that it leads
 * beside its successor. What must not be written twice is therefore fenced, in the tree with {@link #check()}, elsewhere with the
 * number of {@link ElectionListener#onElected}, which is the transaction that created the candidate's node.
 *
 * <p>Threading: safe.
 */
public final class Election implements AutoCloseable {

    private static final int NUMBER_LENGTH = 10;

    /** When an operation found no quorum although the session goes on: until the next look. */
    private static final int RETRY_MS = 1000;

    private final Coordinator coordinator;
    private final String path;
    private final byte[] data;
    private final ElectionListener listener;
    private final String namePrefix = UUID.randomUUID() + "-";
    private final SerialCalls calls = new SerialCalls();

    /** The name of this candidate's node, once that is known. */
    @GuardedBy("this")
    private @Nullable String name;

    /** The watch of the candidate before this one. */
    @GuardedBy("this")
    private @Nullable AutoCloseable watch;

    @GuardedBy("this")
    private @Nullable AutoCloseable stateRegistration;

    @GuardedBy("this")
    private boolean suspended;

    @GuardedBy("this")
    private boolean leads;

    @GuardedBy("this")
    private boolean looking;

    @GuardedBy("this")
    private boolean lookAgain;

    @GuardedBy("this")
    private boolean ended;

    private Election(Coordinator coordinator, String path, byte[] data, ElectionListener listener) {
        this.coordinator = coordinator;
        this.path = path;
        this.data = data;
        this.listener = listener;
    }

    /**
     * Stands for election; does not wait.
     *
     * @param coordinator the session to which the candidacy is bound; stays the caller's
     * @param path the node of the election; must exist and have no children but candidates
     * @param data what others can read of the candidate; copied
     * @param listener is told how it goes
     */
    public static Election join(Coordinator coordinator, String path, byte[] data, ElectionListener listener) {
        Election election = new Election(coordinator, path, data.clone(), listener);
        // Tells the present state at once, and so begins the first look.
        election.registered(coordinator.onSessionState(election::onSessionState));
        return election;
    }

    private synchronized void registered(AutoCloseable registration) {
        stateRegistration = registration;
        if (ended) {
            release();
        }
    }

    /** Whether this candidate leads as far as it knows. */
    public synchronized boolean isLeader() {
        return leads;
    }

    /**
     * An operation that succeeds only while this candidate's node exists: in front of a multi it makes sure that nothing of it happens
     * after the leadership has gone to another.
     *
     * @throws IllegalStateException when the candidate does not lead
     */
    public synchronized TreeOp.Check check() {
        if (!leads) {
            throw new IllegalStateException("this candidate does not lead: election=" + path);
        }
        return new TreeOp.Check(path + "/" + name, Coordinator.ANY_VERSION);
    }

    private void onSessionState(SessionListener.State state) {
        synchronized (this) {
            suspended = state == SessionListener.State.SUSPENDED;
            if (state == SessionListener.State.LOST) {
                fail(new SessionExpiredException("the candidate's session has ended: election=" + path));
            } else if (suspended) {
                depose();
            } else {
                look();
            }
        }
        calls.run();
    }

    private void onPredecessor(TreeListener.Change change, String changed, long zxid) {
        if (change == TreeListener.Change.DELETED || change == TreeListener.Change.MISSED) {
            look();
        }
    }

    /** Looks where this candidate stands; once more when something happens meanwhile. */
    private synchronized void look() {
        if (looking) {
            lookAgain = true;
        } else if (!ended && !suspended) {
            startLooking();
        }
    }

    @GuardedBy("this")
    private void startLooking() {
        looking = true;
        coordinator.children(path).thenCompose(this::step).whenComplete((nothing, failure) -> looked(failure));
    }

    /** Does what comes next, now that it is known which candidates there are. */
    private synchronized CompletionStage<?> step(List<String> names) {
        String own = names.stream()
                .filter(other -> other.startsWith(namePrefix))
                .findFirst()
                .orElse(null);
        if (ended) {
            // It was closed while the node was being created, and could not delete what it did not know of.
            return own == null ? done() : coordinator.delete(path + "/" + own, Coordinator.ANY_VERSION);
        }
        name = own;
        if (own == null) {
            depose();
            lookAgain = true;
            return coordinator.create(path + "/" + namePrefix, data, CreateMode.EPHEMERAL_SEQUENTIAL);
        }
        String predecessor = names.stream()
                .filter(other -> number(other).compareTo(number(own)) < 0)
                .max(Comparator.comparing(Election::number))
                .orElse(null);
        return predecessor == null ? lead(own) : follow(path + "/" + predecessor);
    }

    @GuardedBy("this")
    private CompletionStage<?> lead(String own) {
        stopWatching();
        return coordinator
                .get(path + "/" + own)
                .thenAccept(node -> elected(node.stat().czxid()));
    }

    @GuardedBy("this")
    private CompletionStage<?> follow(String predecessor) {
        depose();
        stopWatching();
        return coordinator
                .watch(predecessor, this::onPredecessor)
                .thenAccept(this::watching)
                .thenCompose(nothing -> coordinator.get(predecessor))
                .handle((node, failure) -> {
                    if (cause(failure) instanceof NoNodeException) {
                        look(); // it went before the watch was there
                    } else if (failure != null) {
                        throw new CompletionException(cause(failure));
                    }
                    return done();
                });
    }

    private synchronized void watching(AutoCloseable added) {
        watch = added;
        if (ended) {
            stopWatching();
        }
    }

    private void elected(long fence) {
        synchronized (this) {
            if (!ended && !suspended && !leads) {
                leads = true;
                calls.add(() -> listener.onElected(fence));
            }
        }
        calls.run();
    }

    private void looked(@Nullable Throwable failure) {
        Throwable cause = cause(failure);
        synchronized (this) {
            looking = false;
            if (cause instanceof QuorumLostException) {
                // A broken connection looks again when it resumes; this is for a quorum that was only too busy.
                CompletableFuture.delayedExecutor(RETRY_MS, TimeUnit.MILLISECONDS)
                        .execute(this::look);
            } else if (cause instanceof NoNodeException && name != null) {
                name = null; // somebody has deleted this candidate's node
                lookAgain = true;
            } else if (cause != null) {
                fail(
                        cause instanceof CoordinationException known
                                ? known
                                : new CoordinationException("the election cannot go on: path=" + path, cause));
            }
            if (lookAgain && !suspended) {
                startLooking();
            }
            lookAgain = false;
        }
        calls.run();
    }

    private static CompletionStage<?> done() {
        return CompletableFuture.completedFuture(null);
    }

    private static @Nullable Throwable cause(@Nullable Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /** The number that the tree has given a candidate; all have the same length. */
    private static String number(String name) {
        return name.substring(Math.max(0, name.length() - NUMBER_LENGTH));
    }

    @GuardedBy("this")
    private void depose() {
        if (leads) {
            leads = false;
            calls.add(listener::onDeposed);
        }
    }

    @GuardedBy("this")
    private void fail(CoordinationException reason) {
        if (!ended) {
            depose();
            release();
            calls.add(() -> listener.onFailed(reason));
        }
    }

    @GuardedBy("this")
    private void release() {
        ended = true;
        stopWatching();
        close(stateRegistration);
        stateRegistration = null;
    }

    @GuardedBy("this")
    private void stopWatching() {
        close(watch);
        watch = null;
    }

    private static void close(@Nullable AutoCloseable registration) {
        if (registration == null) {
            return;
        }
        try {
            registration.close();
        } catch (Exception e) {
            throw new IllegalStateException("a registration cannot be closed", e);
        }
    }

    /** Stands back: the candidate's node is deleted, and the listener told when it led. Does not wait. Idempotent. */
    @Override
    public void close() {
        String left;
        synchronized (this) {
            if (ended) {
                return;
            }
            depose();
            release();
            lookAgain = looking;
            left = name;
        }
        // Who is deposed hears of it before another can be elected.
        calls.run();
        if (left != null) {
            coordinator.delete(path + "/" + left, Coordinator.ANY_VERSION);
        }
    }
}
