// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.BrokerImage;
import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.TreeLayout;
import io.varve.coordination.CoordinationException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.TreeOp;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A broker's ephemeral node, by which the others know that it lives. The node of an earlier run of the broker is waited for to expire.
 *
 * <p>Threading: safe.
 */
final class BrokerRegistration {

    private static final Logger LOG = LoggerFactory.getLogger(BrokerRegistration.class);
    private static final long RETRY_MS = 200;

    private final Coordinator coordinator;
    private final String path;
    private final long waitMs;

    /**
     * @param brokerId its number
     * @param waitMs how long another session may own the node before that is an error, milliseconds
     */
    BrokerRegistration(Coordinator coordinator, int brokerId, long waitMs) {
        this.coordinator = coordinator;
        this.path = TreeLayout.broker(brokerId);
        this.waitMs = waitMs;
    }

    /** Makes every change of registrations one that those who look at them can exclude, see {@link ClusterImage#registrations}. */
    private static TreeOp counted() {
        return new TreeOp.Set(TreeLayout.REGISTRATIONS, new byte[0], Coordinator.ANY_VERSION);
    }

    private static long now() {
        return System.currentTimeMillis();
    }

    /** Completes when no other session has registered the broker; fails when one does not go away. */
    CompletionStage<Void> awaitFree() {
        return awaitFree(System.nanoTime());
    }

    private CompletionStage<Void> awaitFree(long sinceNs) {
        return coordinator
                .get(path)
                .handle((node, failure) -> {
                    if (failure != null) {
                        return Failures.is(failure, NoNodeException.class) ? done() : failed(failure);
                    }
                    long owner = node.stat().ephemeralOwner();
                    return owner == coordinator.sessionId() ? done() : again(owner, sinceNs);
                })
                .thenCompose(next -> next);
    }

    private static CompletionStage<Void> done() {
        return CompletableFuture.completedFuture(null);
    }

    private static CompletionStage<Void> failed(Throwable failure) {
        return CompletableFuture.failedFuture(failure);
    }

    private CompletionStage<Void> again(long owner, long sinceNs) {
        long waitedMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sinceNs);
        if (waitedMs > waitMs) {
            return failed(new CoordinationException("another broker is registered with this number: path=" + path
                    + ", session=0x" + Long.toHexString(owner) + ", waitedMs=" + waitedMs
                    + "; stop it, or give this one another node.id"));
        }
        if (waitedMs < RETRY_MS) {
            LOG.info(
                    "Waiting for an earlier registration to expire: path={}, session=0x{}",
                    path,
                    Long.toHexString(owner));
        }
        return CompletableFuture.runAsync(() -> {}, CompletableFuture.delayedExecutor(RETRY_MS, TimeUnit.MILLISECONDS))
                .thenCompose(nothing -> awaitFree(sinceNs));
    }

    /** Registers the broker for as long as the session lives. */
    CompletionStage<Void> register(BrokerImage broker) {
        return awaitFree()
                .thenCompose(nothing -> coordinator.multi(List.of(
                        counted(), new TreeOp.Create(path, TreeLayout.broker(broker, now()), CreateMode.EPHEMERAL))))
                .handle((created, failure) -> {
                    if (failure == null) {
                        LOG.info("Registered: broker={}", broker);
                        return done();
                    }
                    // This session's own, when the answer to its creation was lost; else somebody was faster.
                    return Failures.is(failure, NodeExistsException.class) ? awaitFree() : failed(failure);
                })
                .thenCompose(next -> next);
    }

    /** Says that the registered broker is about to go. */
    CompletionStage<Void> markShuttingDown(BrokerImage broker) {
        return coordinator
                .get(path)
                .thenCompose(node -> {
                    long owner = node.stat().ephemeralOwner();
                    if (owner != coordinator.sessionId()) {
                        throw new CoordinationException("another session has registered this broker: path=" + path
                                + ", session=0x" + Long.toHexString(owner));
                    }
                    byte[] data = TreeLayout.broker(broker.shuttingDown(), now());
                    return coordinator.multi(List.of(
                            counted(), new TreeOp.Set(path, data, node.stat().version())));
                })
                .thenAccept(results -> LOG.info("About to go: broker={}", broker));
    }
}
