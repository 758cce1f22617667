// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.tree.TreeOp;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A lock that one session at a time holds, in the order in which they asked: an {@link Election} whose leader holds it.
 *
 * <p>It goes with the session. While that is suspended nobody can say whether the lock is still held, so it is not; when it resumes in
 * time the lock is held again, by the same fence, since nobody else had it meanwhile. What must not be written twice is fenced as
 * described there.
 *
 * <p>Threading: safe.
 */
public final class Lock implements AutoCloseable {

    private final CompletableFuture<Long> acquired = new CompletableFuture<>();
    private final Election election;

    private Lock(Coordinator coordinator, String path) {
        this.election = Election.join(coordinator, path, new byte[0], new ElectionListener() {
            @Override
            public void onElected(long fence) {
                acquired.complete(fence);
            }

            @Override
            public void onDeposed() {} // isHeld() tells

            @Override
            public void onFailed(CoordinationException reason) {
                acquired.completeExceptionally(reason);
            }
        });
    }

    /**
     * Asks for the lock; does not wait for it.
     *
     * @param coordinator the session that is to hold it; stays the caller's
     * @param path the node of the lock; must exist and have no children but those who ask
     */
    public static Lock request(Coordinator coordinator, String path) {
        return new Lock(coordinator, path);
    }

    /**
     * Completes when the lock is held, on the coordinator's thread, with a fence: a number larger than that of every holder before.
     * Fails with a {@link CoordinationException} when it cannot be had, also when it is closed before.
     */
    public CompletionStage<Long> acquired() {
        return acquired;
    }

    /** Whether the lock is held as far as this session knows. */
    public boolean isHeld() {
        return election.isLeader();
    }

    /**
     * An operation that succeeds only while the lock is held, to go in front of a multi.
     *
     * @throws IllegalStateException when it is not held
     */
    public TreeOp.Check check() {
        return election.check();
    }

    /** Gives the lock back, or stops waiting for it. Does not wait. Idempotent. */
    @Override
    public void close() {
        election.close();
        acquired.completeExceptionally(new CoordinationException("the lock was closed before it was acquired"));
    }
}
