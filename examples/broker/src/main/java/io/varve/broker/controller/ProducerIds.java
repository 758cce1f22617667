// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.TreeLayout;
import io.varve.coordination.BadVersionException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.Node;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Blocks of producer ids. Every broker takes its own; whoever finds that another was faster takes the next.
 *
 * <p>Threading: safe.
 */
public final class ProducerIds {

    /** Number of ids in a block. */
    public static final int PER_BLOCK = 1000;

    private final int nodeId;
    private final Coordinator coordinator;

    public ProducerIds(int nodeId, Coordinator coordinator) {
        this.nodeId = nodeId;
        this.coordinator = coordinator;
    }

    /**
     * Takes a block that nobody else ever gets.
     *
     * @return the first id of the block, which has {@value #PER_BLOCK}
     */
    public CompletionStage<Long> allocate() {
        return coordinator
                .get(TreeLayout.PRODUCER_IDS)
                .handle((node, failure) -> {
                    if (failure == null) {
                        return takeNext(node);
                    }
                    return Failures.is(failure, NoNodeException.class)
                            ? takeFirst()
                            : CompletableFuture.<Long>failedFuture(failure);
                })
                .thenCompose(taken -> taken)
                .handle((first, failure) -> {
                    if (failure == null) {
                        return CompletableFuture.completedFuture(first);
                    }
                    boolean late = Failures.is(failure, BadVersionException.class)
                            || Failures.is(failure, NodeExistsException.class);
                    return late ? allocate() : CompletableFuture.<Long>failedFuture(failure);
                })
                .thenCompose(taken -> taken);
    }

    private CompletionStage<Long> takeNext(Node last) {
        long first = TreeLayout.parseProducerIdsEnd(last.data()) + 1;
        return coordinator
                .set(TreeLayout.PRODUCER_IDS, block(first), last.stat().version())
                .thenApply(stat -> first);
    }

    private CompletionStage<Long> takeFirst() {
        return coordinator
                .create(TreeLayout.PRODUCER_IDS, block(0), CreateMode.PERSISTENT)
                .thenApply(path -> 0L);
    }

    private byte[] block(long first) {
        return TreeLayout.producerIds(nodeId, first, first + PER_BLOCK - 1);
    }
}
