// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.OptionalLong;

/**
 * What a replica was after a step, for those who read from its log on other threads. Between two steps that change none of it the view is
 * the same object.
 *
 * <p>What it says stays true but for a truncation: records below the high watermark are committed, and no later view of the same epoch has a
 * lower one.
 *
 * <p>Threading: immutable; it asks the log, whose reading methods must then be safe for any thread.
 */
public final class ReplicaView {

    private final ReplicaRole role;
    private final int leaderEpoch;
    private final long highWatermark;
    private final boolean established;
    private final ReplicaLog log;
    private final ReplicaRules rules;

    ReplicaView(ReplicaRole role, int leaderEpoch, boolean established, ReplicaState state) {
        this.role = role;
        this.leaderEpoch = leaderEpoch;
        this.highWatermark = state.highWatermark();
        this.established = established;
        this.log = state.log;
        this.rules = state.rules;
    }

    /** {@return the role} */
    public ReplicaRole role() {
        return role;
    }

    /** {@return the epoch of the leader that was told last, also when it is another; {@link EpochEnd#NONE} before that} */
    public int leaderEpoch() {
        return leaderEpoch;
    }

    /** {@return first offset that was not known here to be committed} */
    public long highWatermark() {
        return highWatermark;
    }

    /**
     * The end of what is committed, for those who ask for the latest offset: never less than what was answered before by any leader that
     * the asker knows an epoch of.
     *
     * @return the high watermark; empty when this replica did not lead or the followers had not told it enough yet
     */
    public OptionalLong latestOffset() {
        return established ? OptionalLong.of(highWatermark) : OptionalLong.empty();
    }

    /** Whether it is this again, with nothing changed. */
    boolean is(ReplicaRole nowRole, int nowEpoch, long nowHighWatermark, boolean nowEstablished) {
        return role == nowRole
                && leaderEpoch == nowEpoch
                && highWatermark == nowHighWatermark
                && established == nowEstablished;
    }

    /**
     * Decides what a consumer may read here; which replica it should read from instead only {@link PartitionReplica#read} says.
     *
     * @param fetch what it wants
     * @return up to where it may read, or why it may not
     */
    public ConsumerRead read(ConsumerFetch fetch) {
        if (role == ReplicaRole.NONE) {
            return ConsumerRead.refused(FetchStatus.NOT_LEADER);
        }
        if (fetch.leaderEpoch() != EpochEnd.NONE && fetch.leaderEpoch() != leaderEpoch) {
            return ConsumerRead.refused(
                    fetch.leaderEpoch() < leaderEpoch ? FetchStatus.FENCED_EPOCH : FetchStatus.UNKNOWN_EPOCH);
        }
        return role == ReplicaRole.LEADER ? readFromLeader(fetch) : readFromFollower(fetch.offset());
    }

    private ConsumerRead readFromLeader(ConsumerFetch fetch) {
        FetchStatus status = rules.compare(log, fetch.offset(), fetch.lastEpoch());
        if (status == FetchStatus.DIVERGING) {
            EpochEnd end = log.endOf(fetch.lastEpoch());
            return new ConsumerRead(status, 0, ConsumerRead.UNKNOWN, ConsumerRead.HERE, end);
        } else if (status == FetchStatus.OK && !established && fetch.offset() > highWatermark) {
            return ConsumerRead.refused(FetchStatus.OFFSET_NOT_AVAILABLE);
        } else if (status != FetchStatus.OK) {
            return ConsumerRead.refused(status);
        }
        long endOffset = Math.max(fetch.offset(), highWatermark);
        long told = established ? highWatermark : ConsumerRead.UNKNOWN;
        return new ConsumerRead(status, endOffset, told, ConsumerRead.HERE, null);
    }

    /** Out of the range of a follower is no news about the log: the consumer goes to the leader, which knows. */
    private ConsumerRead readFromFollower(long offset) {
        if (offset < log.startOffset() || offset > log.endOffset()) {
            return ConsumerRead.refused(FetchStatus.OFFSET_OUT_OF_RANGE);
        } else if (offset > highWatermark) {
            return ConsumerRead.refused(FetchStatus.OFFSET_NOT_AVAILABLE);
        }
        return new ConsumerRead(FetchStatus.OK, highWatermark, highWatermark, ConsumerRead.HERE, null);
    }
}
