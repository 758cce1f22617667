// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.TreeLayout;
import io.varve.coordination.CoordinationException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.TreeOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Which cluster a tree holds, and a new one in a tree that holds none.
 *
 * <p>Threading: safe.
 */
public final class ClusterSetup {

    private final Coordinator coordinator;

    public ClusterSetup(Coordinator coordinator) {
        this.coordinator = coordinator;
    }

    /** The id of the cluster in the tree; empty when there is none. */
    public CompletionStage<Optional<String>> find() {
        return coordinator.get(TreeLayout.CLUSTER_ID).handle((node, failure) -> {
            if (failure == null) {
                return Optional.of(TreeLayout.parseClusterId(node.data()));
            }
            if (Failures.is(failure, NoNodeException.class)) {
                return Optional.empty();
            }
            throw Failures.rethrown(failure);
        });
    }

    /**
     * Lays the nodes that stand in every cluster, all at once. Several brokers may do so at a time.
     *
     * @return the id of the cluster that is there now: the proposed one, or that of the broker that was first
     */
    public CompletionStage<String> create(String proposedId) {
        List<TreeOp> operations = new ArrayList<>();
        TreeLayout.PERSISTENT.forEach(path -> operations.add(TopicPlan.node(path)));
        operations.add(
                new TreeOp.Create(TreeLayout.CLUSTER_ID, TreeLayout.clusterId(proposedId), CreateMode.PERSISTENT));
        operations.add(
                new TreeOp.Create(TreeLayout.CONTROLLER_EPOCH, TreeLayout.controllerEpoch(0), CreateMode.PERSISTENT));
        return coordinator
                .multi(operations)
                .handle((results, failure) -> {
                    if (failure == null) {
                        return CompletableFuture.completedFuture(proposedId);
                    }
                    return Failures.is(failure, NodeExistsException.class)
                            ? find().thenApply(found -> found.orElseThrow(() -> occupied(failure)))
                            : CompletableFuture.<String>failedFuture(failure);
                })
                .thenCompose(next -> next);
    }

    private static CoordinationException occupied(Throwable failure) {
        return new CoordinationException(
                "the tree holds no cluster, but nodes where one would stand: "
                        + Failures.cause(failure).getMessage()
                        + "; give the cluster a path of its own, as in zookeeper.connect=host:2181/varve",
                failure);
    }
}
