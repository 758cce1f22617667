// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.ImageFollower;
import io.varve.broker.metadata.TreeLayout;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.RequestException;
import io.varve.coordination.agent.Coordinator;
import io.varve.coordination.tree.TreeOp;
import io.varve.replication.partition.IsrProposal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes which replicas are in sync, as the leaders here propose it: what in Kafka goes to the controller (AlterPartition) is decided by
 * the same rules where the leader is, and written with conditions that make it void when another was faster.
 *
 * <p>A member that joins must be the registration that the leader has heard of (KIP-903). The image tells which one there is, and that
 * nobody has registered since is one of the conditions. Proposals that come during a write are written together with the next.
 *
 * <p>Threading: safe.
 */
public final class IsrWriter {

    private static final Logger LOG = LoggerFactory.getLogger(IsrWriter.class);

    private static final int MOST_PER_MULTI = 400;
    private static final int MOST_ATTEMPTS = 5;

    /** Their own states say what else holds; who leads stays as it is. */
    private static final TopicRules RULES = new TopicRules(1, false);

    private final Coordinator coordinator;
    private final ImageFollower follower;
    private final Deque<Asked> waiting = new ArrayDeque<>();
    private boolean isWriting;

    /** Writes nothing yet. */
    public IsrWriter(Coordinator coordinator, ImageFollower follower) {
        this.coordinator = coordinator;
        this.follower = follower;
    }

    /** A proposal, and who waits for what comes of it. */
    private record Asked(
            TopicPartition id, UUID topicId, IsrProposal proposal, CompletableFuture<IsrOutcome> outcome) {}

    /** A proposal that may be written. */
    private record Decided(Asked asked, PartitionChange change) {}

    /** Proposes; completes with what came of it, and never with an exception. Returns at once. */
    public CompletionStage<IsrOutcome> propose(TopicPartition id, UUID topicId, IsrProposal proposal) {
        Asked asked = new Asked(id, topicId, proposal, new CompletableFuture<>());
        synchronized (this) {
            waiting.add(asked);
            if (isWriting) {
                return asked.outcome;
            }
            isWriting = true;
        }
        writeNext();
        return asked.outcome;
    }

    private void writeNext() {
        List<Asked> some = takeSome();
        if (!some.isEmpty()) {
            write(some, MOST_ATTEMPTS)
                    .exceptionally(failure -> failed(some, failure))
                    .thenRun(this::writeNext);
        }
    }

    /** Proposals about different partitions; none when none is left, and whoever comes next begins to write. */
    private synchronized List<Asked> takeSome() {
        List<Asked> some = new ArrayList<>();
        Set<TopicPartition> partitions = new HashSet<>();
        while (some.size() < MOST_PER_MULTI && !waiting.isEmpty() && partitions.add(waiting.element().id)) {
            some.add(waiting.remove());
        }
        isWriting = !some.isEmpty();
        return some;
    }

    private static @Nullable Void failed(List<Asked> asked, Throwable failure) {
        LOG.warn(
                "The replicas in sync are not changed for now: partitions={}, reason={}",
                asked.size(),
                Failures.cause(failure).getMessage());
        asked.forEach(one -> one.outcome.complete(IsrOutcome.FAILED));
        return null;
    }

    private CompletionStage<@Nullable Void> write(List<Asked> asked, int left) {
        return ControllerElection.readEpoch(coordinator)
                .thenCompose(epoch -> write(asked, epoch))
                .handle((nothing, failure) -> {
                    if (failure == null) {
                        return CompletableFuture.<@Nullable Void>completedFuture(null);
                    }
                    return PartitionWriter.isLate(failure) && left > 1
                            ? follower.settled().thenCompose(image -> write(asked, left - 1))
                            : CompletableFuture.<@Nullable Void>failedFuture(failure);
                })
                .thenCompose(next -> next);
    }

    private CompletionStage<?> write(List<Asked> asked, ControllerEpoch epoch) {
        ClusterImage image = follower.image();
        Situation situation = new Situation(image, BrokerStates.of(image), topic -> RULES);
        List<Decided> decided = new ArrayList<>();
        for (Asked one : asked) {
            if (!one.outcome.isDone()) {
                decide(situation, one, decided);
            }
        }
        if (decided.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        List<PartitionChange> changes = decided.stream().map(Decided::change).toList();
        List<TreeOp> operations = new ArrayList<>();
        operations.add(epoch.fence());
        operations.addAll(conditions(image, changes));
        operations.addAll(PartitionChange.operations(changes, epoch.number()));
        return coordinator.multi(operations).thenAccept(results -> decided.forEach(IsrWriter::accept));
    }

    private void decide(Situation situation, Asked asked, List<Decided> decided) {
        try {
            decided.add(new Decided(asked, change(situation, asked.topicId, asked.id.index(), asked.proposal)));
        } catch (RequestException refused) {
            LOG.debug("{}: partition={}", refused.getMessage(), asked.id);
            asked.outcome.complete(outcome(refused));
        }
    }

    /**
     * What a proposal comes to.
     *
     * @throws RequestException when it cannot be, as {@link InSyncDecisions#alter} says
     */
    static PartitionChange change(Situation situation, UUID topicId, int index, IsrProposal proposal) {
        BrokerState self = situation.brokers().find(proposal.leader());
        InSyncDecisions.Leader leader = new InSyncDecisions.Leader(
                proposal.leader(),
                self == null ? Long.MIN_VALUE : self.epoch(),
                proposal.leaderEpoch(),
                proposal.partitionEpoch());
        List<InSyncDecisions.Member> isr = new ArrayList<>();
        proposal.isr()
                .forEach((id, epoch) ->
                        isr.add(new InSyncDecisions.Member(id, Math.max(InSyncDecisions.Member.ANY_EPOCH, epoch))));
        return InSyncDecisions.alter(situation, topicId, index, leader, isr, false);
    }

    /** What a leader is told of a refusal. */
    static IsrOutcome outcome(RequestException refused) {
        return switch (refused.error()) {
            case INELIGIBLE_REPLICA -> IsrOutcome.INELIGIBLE;
            // This broker has no session for the moment, or the image is about to come that the leader has seen.
            case STALE_BROKER_EPOCH, NOT_CONTROLLER -> IsrOutcome.FAILED;
            default -> IsrOutcome.STALE;
        };
    }

    /** That those who join are still there, and that they are who they were when the image was read. */
    private static List<TreeOp> conditions(ClusterImage image, List<PartitionChange> changes) {
        Set<Integer> joining = new TreeSet<>();
        for (PartitionChange change : changes) {
            change.after().isr().stream()
                    .filter(id -> !change.before().isr().contains(id))
                    .forEach(joining::add);
        }
        List<TreeOp> conditions = new ArrayList<>();
        if (!joining.isEmpty()) {
            conditions.add(new TreeOp.Check(TreeLayout.REGISTRATIONS, image.registrations()));
            joining.forEach(id -> conditions.add(new TreeOp.Check(TreeLayout.broker(id), Coordinator.ANY_VERSION)));
        }
        return conditions;
    }

    private static void accept(Decided decided) {
        LOG.debug("{}", decided.change.describe());
        decided.asked.outcome.complete(IsrOutcome.ACCEPTED);
    }
}
