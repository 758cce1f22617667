// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.coordination.BadVersionException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.TreeOp;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries decisions about partitions out. What is decided on an image is written only if all that it looked at is still so; when
 * somebody was faster, the image is settled and the decision made anew.
 *
 * <p>Threading: safe.
 */
final class PartitionWriter {

    private static final Logger LOG = LoggerFactory.getLogger(PartitionWriter.class);

    /** Partitions per multi: with the fence and a topic's node for each of them 500 operations at most. Servers bound a request. */
    static final int MOST_PER_MULTI = 249;

    private static final int MOST_ATTEMPTS = 10;

    private final Coordinator coordinator;
    private final ImageFollower follower;
    private final Situations situations;

    PartitionWriter(Coordinator coordinator, ImageFollower follower, Situations situations) {
        this.coordinator = coordinator;
        this.follower = follower;
        this.situations = situations;
    }

    /**
     * Decides and writes until nothing is left to be changed; the image shows all of it then.
     *
     * @param epoch gives the epoch under which to write, each time anew
     * @param decision none when all is as it should be. It may be asked to decide on an image that was written but not read yet.
     */
    CompletionStage<Void> carryOut(Supplier<CompletionStage<ControllerEpoch>> epoch, Decision decision) {
        return attempt(epoch, decision, MOST_ATTEMPTS);
    }

    /** Says what is to be changed, see {@link #carryOut}. */
    @FunctionalInterface
    interface Decision {

        /**
         * The changes to be made.
         *
         * @return at most one change of each partition; the first ones are written
         */
        List<PartitionChange> decide(Situation situation);

        /** Is told of changes that it has decided once they are written. */
        default void onWritten(List<PartitionChange> changes) {}
    }

    private CompletionStage<Void> attempt(
            Supplier<CompletionStage<ControllerEpoch>> epoch, Decision decision, int left) {
        return follower.settled()
                .thenCompose(image -> epoch.get())
                .thenCompose(current -> writeAll(current, situations.present(), decision))
                .handle((nothing, failure) -> {
                    if (failure == null) {
                        return CompletableFuture.<Void>completedFuture(null);
                    }
                    return isLate(failure) && left > 1
                            ? attempt(epoch, decision, left - 1)
                            : CompletableFuture.<Void>failedFuture(failure);
                })
                .thenCompose(next -> next);
    }

    /** Whether somebody has changed meanwhile what was to be changed. */
    static boolean isLate(Throwable failure) {
        return Failures.is(failure, BadVersionException.class) || Failures.is(failure, NoNodeException.class);
    }

    private CompletionStage<Void> writeAll(ControllerEpoch epoch, Situation situation, Decision decision) {
        List<PartitionChange> changes = decision.decide(situation);
        if (changes.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        List<PartitionChange> some = changes.subList(0, Math.min(changes.size(), MOST_PER_MULTI));
        ClusterImage after = PartitionChange.apply(situation.image(), some);
        return write(epoch, some)
                .thenAccept(nothing -> decision.onWritten(some))
                .thenCompose(nothing -> writeAll(epoch, situation.with(after), decision))
                .thenCompose(nothing -> follower.settled())
                .thenAccept(image -> {});
    }

    private CompletionStage<?> write(ControllerEpoch epoch, List<PartitionChange> changes) {
        List<TreeOp> operations = new ArrayList<>();
        operations.add(epoch.fence());
        operations.addAll(PartitionChange.operations(changes, epoch.number()));
        return coordinator.multi(operations).thenAccept(results -> tell(changes));
    }

    private static void tell(List<PartitionChange> changes) {
        for (PartitionChange change : changes) {
            if (change.isUnclean() || (change.isLeaderChange() && change.after().leader() == ClusterImage.NOBODY)) {
                LOG.warn("{}", change.describe());
            } else {
                LOG.debug("{}", change.describe());
            }
        }
        LOG.info(
                "Changed: partitions={}, leaders={}, reason={}",
                changes.size(),
                changes.stream().filter(PartitionChange::isLeaderChange).count(),
                changes.get(0).reason());
    }
}
