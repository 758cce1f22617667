// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageListener;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the elected controller look at every image for what it has to do, in turn with what it is asked for. Images that come while it is
 * at work are looked at together.
 *
 * <p>Nothing is remembered from one look to the next: what a controller has left when it went, its successor finds.
 *
 * <p>Threading: safe.
 */
final class ControllerLoop implements ImageListener {

    private static final Logger LOG = LoggerFactory.getLogger(ControllerLoop.class);

    private final ControllerElection election;
    private final Turns turns;
    private final PartitionWriter writer;
    private final PartitionSizes sizes;
    private final BalanceDuty balance;

    /** Whether shares are evened out without anybody asking. */
    private final boolean isBalancing;

    /** Whether a look is ahead that has not begun yet. */
    private final AtomicBoolean isAhead = new AtomicBoolean();

    ControllerLoop(ControllerElection election, Turns turns, PartitionWriter writer, Balancing balancing) {
        this.election = election;
        this.turns = turns;
        this.writer = writer;
        this.sizes = balancing.sizes;
        this.balance = balancing.duty;
        this.isBalancing = balancing.isAutomatic;
    }

    /** What shares are evened out by. */
    record Balancing(PartitionSizes sizes, BalanceDuty duty, boolean isAutomatic) {}

    @Override
    public void onImage(ClusterImage before, ClusterImage after) {
        if (election.isElected() && isAhead.compareAndSet(false, true)) {
            look();
        }
        if (election.isElected() && changesShares(before, after)) {
            lookAtShares();
        }
    }

    /** Whether a broker has come that has nothing yet, or others are to be drained. */
    private static boolean changesShares(ClusterImage before, ClusterImage after) {
        return !before.defaultBrokerConfig().equals(after.defaultBrokerConfig())
                || after.brokers().stream()
                        .anyMatch(broker -> before.broker(broker.id()) == null && hasNothing(broker.id(), after));
    }

    private static boolean hasNothing(int brokerId, ClusterImage image) {
        return image.topics().stream()
                .flatMap(topic -> topic.partitions().stream())
                .noneMatch(partition -> partition.replicas().contains(brokerId));
    }

    /** Looks how large partitions are, and whether brokers have their shares of them. */
    void lookAtShares() {
        if (election.isElected()) {
            inTurn(() -> sizes.read().thenCompose(known -> {
                balance.sizes(known);
                if (isBalancing) {
                    balance.ask();
                }
                return carryOut(this::next);
            }));
        }
    }

    /** Does what there is to be done, as far as it can; completes when it has. */
    CompletionStage<Void> look() {
        return inTurn(() -> {
            isAhead.set(false);
            return carryOut(this::next);
        });
    }

    private List<PartitionChange> next(Situation situation) {
        List<PartitionChange> due = ControllerDuties.next(situation);
        return due.isEmpty() ? balance.next(situation) : due;
    }

    /** Does what a decision says, if this broker is the controller; completes when it has, or could not. */
    CompletionStage<Void> carryOutInTurn(PartitionWriter.Decision decision) {
        return inTurn(() -> carryOut(decision));
    }

    private CompletionStage<Void> inTurn(Supplier<CompletionStage<Void>> work) {
        return turns.take(work).exceptionally(failure -> {
            if (election.isElected()) {
                LOG.warn(
                        "The controller could not do its part and will look again with the next change: {}",
                        Failures.cause(failure).getMessage());
            }
            return null;
        });
    }

    private CompletionStage<Void> carryOut(PartitionWriter.Decision decision) {
        return election.isElected() ? writer.carryOut(this::epoch, decision) : CompletableFuture.completedFuture(null);
    }

    private CompletionStage<ControllerEpoch> epoch() {
        return CompletableFuture.completedFuture(election.requireOwn());
    }
}
