// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.nio.ByteBuffer;
import java.util.Map;

/** What happens to a {@link PartitionReplica}. */
public sealed interface PartitionEvent {

    /** Time has passed, at least to {@link PartitionReplica#nextDeadlineNs}. */
    record Tick() implements PartitionEvent {}

    /**
     * The broker has registered, for the first time or anew because its session was lost. A leadership under an earlier registration
     * ends.
     *
     * @param brokerEpoch number of the registration, 0 or more; larger for each later one
     */
    record Registered(long brokerEpoch) implements PartitionEvent {}

    /**
     * The controller's decisions, as they are known by now. A state that is not later than the one that was told before changes nothing;
     * the brokers are taken as they are told.
     *
     * @param state what was decided about the partition
     * @param brokers the brokers that are registered, by id
     */
    record StateTold(PartitionState state, Map<Integer, BrokerPresence> brokers) implements PartitionEvent {

        /**
         * Copies the map.
         *
         * @param state as in the record
         * @param brokers as in the record
         */
        public StateTold {
            brokers = Map.copyOf(brokers);
        }
    }

    /**
     * A producer's batches, checked and not appended before; answered by {@link PartitionAction.Appended} or {@link
     * PartitionAction.AppendRefused}.
     *
     * @param token returned with the answers
     * @param batches whole batches; their offsets and epoch are set in place
     * @param awaitsCommit whether it wants to know when they are committed (acks=all): then they are refused when too few replicas
     *     are in sync, and {@link PartitionAction.Committed} or {@link PartitionAction.CommitFailed} follows
     * @param deadlineNs until when it waits for that
     */
    record Append(long token, ByteBuffer batches, boolean awaitsCommit, long deadlineNs) implements PartitionEvent {}

    /**
     * Somebody wants to know when what is in the log already is committed: a producer that sends again what it has sent before. Answered by
     * {@link PartitionAction.Committed} or {@link PartitionAction.CommitFailed}.
     *
     * @param token returned with the answer
     * @param endOffset the offset behind the last record that it means
     * @param deadlineNs until when it waits
     */
    record AwaitCommit(long token, long endOffset, long deadlineNs) implements PartitionEvent {}

    /**
     * A follower's fetch has come; it may be old, or come twice. Answered by {@link PartitionAction.AnswerFetch} at once: whoever lets
     * it wait for something new hands it in again then.
     *
     * @param fetch the fetch
     */
    record FetchReceived(ReplicaFetch fetch) implements PartitionEvent {}

    /**
     * The answer to a fetch has come.
     *
     * @param answer the answer
     * @param batches the records from the fetch's offset on; none remain in it when there are none
     */
    record FetchAnswered(FetchAnswer answer, ByteBuffer batches) implements PartitionEvent {}

    /**
     * A fetch will not be answered.
     *
     * @param number that of the fetch
     */
    record FetchFailed(int number) implements PartitionEvent {}

    /** The force that {@link PartitionAction.ForceLog} asked for is done: {@link ReplicaLog#flushedOffset} tells how far. */
    record Forced() implements PartitionEvent {}

    /**
     * The controller has accepted a proposal.
     *
     * @param state the state that came of it
     */
    record IsrAccepted(PartitionState state) implements PartitionEvent {}

    /**
     * The controller has refused a proposal.
     *
     * @param proposal the proposal
     * @param refusal why
     */
    record IsrRefused(IsrProposal proposal, IsrRefusal refusal) implements PartitionEvent {}

    /** Why a proposal is refused. */
    enum IsrRefusal {
        /** The state is another than the one that it is based on; it will be told. */
        STALE,
        /** Somebody may not join, or has registered again. */
        INELIGIBLE
    }

    /** The replica is given up, or its broker ends: whoever waits is told. Nothing may follow. */
    record Close() implements PartitionEvent {}
}
