// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageListener;
import io.varve.broker.metadata.TreeLayout;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.RequestException;
import io.varve.coordination.BadVersionException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreeResult;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which broker is the controller: the one whose session owns {@code /controller}. It took the next epoch in the same multi, so that the
 * writes of a controller that does not know of its successor fail (KAFKA-6082). Every broker stands again when there is none.
 *
 * <p>Threading: safe.
 */
final class ControllerElection implements ImageListener {

    private static final Logger LOG = LoggerFactory.getLogger(ControllerElection.class);

    private final int nodeId;
    private final Coordinator coordinator;
    private final Runnable onElected;

    /** That of this broker while it is the controller as far as it knows. */
    private volatile @Nullable ControllerEpoch own;

    /**
     * @param onElected called when this broker has become the controller; must not block
     */
    ControllerElection(int nodeId, Coordinator coordinator, Runnable onElected) {
        this.nodeId = nodeId;
        this.coordinator = coordinator;
        this.onElected = onElected;
    }

    /** Becomes the controller, or finds that one is there. */
    CompletionStage<Void> stand() {
        return coordinator
                .get(TreeLayout.CONTROLLER)
                .handle((node, failure) -> {
                    if (failure != null) {
                        return Failures.is(failure, NoNodeException.class) ? take() : failed(failure);
                    }
                    if (node.stat().ephemeralOwner() == coordinator.sessionId()) {
                        return readOwn();
                    }
                    resign(TreeLayout.parseController(node.data()));
                    return done();
                })
                .thenCompose(next -> next);
    }

    private CompletionStage<Void> take() {
        return readEpoch()
                .thenCompose(before -> {
                    int next = before.number() + 1;
                    List<TreeOp> operations = List.of(
                            new TreeOp.Set(
                                    TreeLayout.CONTROLLER_EPOCH,
                                    TreeLayout.controllerEpoch(next),
                                    before.nodeVersion()),
                            new TreeOp.Create(
                                    TreeLayout.CONTROLLER,
                                    TreeLayout.controller(nodeId, System.currentTimeMillis()),
                                    CreateMode.EPHEMERAL));
                    return coordinator.multi(operations).handle((results, failure) -> {
                        if (failure == null) {
                            TreeResult.DataSet set = (TreeResult.DataSet) results.get(0);
                            lead(new ControllerEpoch(next, set.stat().version()));
                            return done();
                        }
                        boolean late = Failures.is(failure, NodeExistsException.class)
                                || Failures.is(failure, BadVersionException.class);
                        return late
                                ? done()
                                : failed(failure); // the image will show who was faster, or that it is gone again
                    });
                })
                .thenCompose(next -> next);
    }

    /** This broker was elected, and perhaps the answer was lost on the way. */
    private CompletionStage<Void> readOwn() {
        return readEpoch().thenAccept(epoch -> {
            if (!epoch.equals(own)) {
                lead(epoch);
            }
        });
    }

    /** The session that was elected is lost; {@link #stand} may follow with another. */
    void forget() {
        own = null;
    }

    private void lead(ControllerEpoch epoch) {
        own = epoch;
        LOG.info("Elected: nodeId={}, controllerEpoch={}", nodeId, epoch.number());
        onElected.run();
    }

    private void resign(int controllerId) {
        ControllerEpoch epoch = own;
        if (epoch != null) {
            own = null;
            LOG.info(
                    "No longer the controller: nodeId={}, controllerEpoch={}, controller={}",
                    nodeId,
                    epoch.number(),
                    controllerId);
        }
    }

    private CompletionStage<ControllerEpoch> readEpoch() {
        return readEpoch(coordinator);
    }

    /** The epoch of the controller that there is, or was last. */
    static CompletionStage<ControllerEpoch> readEpoch(Coordinator coordinator) {
        return coordinator
                .get(TreeLayout.CONTROLLER_EPOCH)
                .thenApply(node -> new ControllerEpoch(
                        TreeLayout.parseControllerEpoch(node.data()),
                        node.stat().version()));
    }

    private static CompletionStage<Void> done() {
        return CompletableFuture.completedFuture(null);
    }

    private static CompletionStage<Void> failed(Throwable failure) {
        return CompletableFuture.failedFuture(failure);
    }

    /** Whether this broker is the controller, as far as it knows. */
    boolean isElected() {
        return own != null;
    }

    /**
     * The epoch of this broker, which is the controller.
     *
     * @throws RequestException when it is not, as far as it knows
     */
    ControllerEpoch requireOwn() {
        ControllerEpoch epoch = own;
        if (epoch == null) {
            throw new RequestException(
                    ErrorCode.NOT_CONTROLLER, "This is not the correct controller for this cluster.");
        }
        return epoch;
    }

    /** The epoch of whichever broker is the controller, for what every broker may write. */
    CompletionStage<ControllerEpoch> current() {
        ControllerEpoch epoch = own;
        return epoch == null ? readEpoch() : CompletableFuture.completedFuture(epoch);
    }

    @Override
    public void onImage(ClusterImage before, ClusterImage after) {
        int controllerId = after.controllerId();
        boolean unknowing = controllerId == nodeId && own == null;
        if (controllerId == ClusterImage.NOBODY || unknowing) {
            stand().whenComplete((nothing, failure) -> {
                if (failure != null) {
                    // When the session resumes or is renewed the whole image is read anew, and this follows.
                    LOG.warn("No election: {}", Failures.cause(failure).getMessage());
                }
            });
        } else if (controllerId != nodeId) {
            resign(controllerId);
        }
    }
}
