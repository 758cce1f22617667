// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.config.ConfigValues;
import io.varve.broker.partition.TopicPartition;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets others take over from this broker before it goes: it says that it is about to, and takes itself out of what it leads and is in sync
 * with. Where others are only about to catch up it waits for them for a while.
 *
 * <p>Threading: safe.
 */
final class Departure {

    private static final Logger LOG = LoggerFactory.getLogger(Departure.class);
    private static final long LOOK_MS = 250;

    private final int nodeId;
    private final PartitionWriter writer;
    private final Situations situations;
    private final ControllerElection election;

    /** How often it looks again whether others have caught up. */
    private final long mostLooks;

    Departure(
            int nodeId,
            PartitionWriter writer,
            Situations situations,
            ControllerElection election,
            ConfigValues values) {
        this.nodeId = nodeId;
        this.writer = writer;
        this.situations = situations;
        this.election = election;
        this.mostLooks = values.longValue("controlled.shutdown.retry.backoff.ms")
                * values.intValue("controlled.shutdown.max.retries")
                / LOOK_MS;
    }

    /** Hands over what others can take; completes when nothing is left of that, or nobody may be waited for any more. */
    CompletionStage<Void> handOver() {
        return handOver(mostLooks);
    }

    private CompletionStage<Void> handOver(long looksLeft) {
        return writer.carryOut(election::current, situation -> step(situation).changes())
                .thenCompose(nothing -> {
                    Situation situation = situations.present();
                    List<TopicPartition> stuck = step(situation).stuck();
                    if (looksLeft > 0 && stuck.stream().anyMatch(id -> mayBeTaken(situation, id))) {
                        return CompletableFuture.runAsync(
                                        () -> {}, CompletableFuture.delayedExecutor(LOOK_MS, TimeUnit.MILLISECONDS))
                                .thenCompose(later -> handOver(looksLeft - 1));
                    }
                    if (stuck.isEmpty()) {
                        LOG.info("Everything is handed over: nodeId={}", nodeId);
                    } else {
                        LOG.warn(
                                "Nobody else can lead these for now: nodeId={}, partitions={}, some={}",
                                nodeId,
                                stuck.size(),
                                stuck.subList(0, Math.min(stuck.size(), 10)));
                    }
                    return CompletableFuture.completedFuture(null);
                });
    }

    private BrokerDecisions.HandOver step(Situation situation) {
        Situation leaving = situation.with(situation.brokers().with(nodeId, Standing.SHUTTING_DOWN));
        return BrokerDecisions.handOver(leaving, nodeId, PartitionWriter.MOST_PER_MULTI);
    }

    /** Whether another broker has a replica and is there, so that it may catch up. */
    private boolean mayBeTaken(Situation situation, TopicPartition id) {
        return situation.revise(id.topic(), id.index()).before().replicas().stream()
                .anyMatch(replica -> replica != nodeId && situation.brokers().isActive(replica));
    }
}
