// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.nio.ByteBuffer;

/**
 * The log of a replica as the machine sees it. What stands in it is opaque: batches, each of which knows its base offset and the epoch of the
 * leader that appended it.
 *
 * <p>A failure is thrown by the method and comes out of {@link PartitionReplica#step}: nothing is answered or acknowledged for what has
 * failed, and the owner decides whether to go on. A follower tries again after {@link ReplicaConfig#retryNs}.
 *
 * <p>Threading: called by the thread that steps the replica, and by those that read a {@link ReplicaView}, if there are any. Only {@link
 * #flushedOffset}, {@link #startOffset} and the end of a force may change between steps.
 */
public interface ReplicaLog {

    /** {@return the first offset that can be read} */
    long startOffset();

    /** {@return the offset that is assigned next, exclusive} */
    long endOffset();

    /** {@return the first offset that may get lost with the power, not above the end; goes back when the log is truncated below it} */
    long flushedOffset();

    /** {@return the epoch of the last record, {@link EpochEnd#NONE} when the log is empty} */
    int lastEpoch();

    /**
     * Where the latest epoch ends that is not later than one. Source: KIP-101, KIP-279.
     *
     * @param epoch the epoch asked for
     * @return that epoch and its end: the start of the next one, or the end of the log; {@link EpochEnd#NONE} and the start of the log
     *     when the log has nothing that early
     */
    EpochEnd endOf(int epoch);

    /**
     * Appends batches as a leader does: offsets are assigned and the epoch is set in them.
     *
     * @param batches one or more whole batches
     * @param epoch the leader's epoch, not less than the last
     * @return the offset of the first record
     */
    long append(ByteBuffer batches, int epoch);

    /**
     * Appends batches as a follower does: they are kept as they are.
     *
     * @param batches whole batches, the first of which begins at the end of this log
     */
    void appendFetched(ByteBuffer batches);

    /**
     * Makes an offset the end. A batch that holds it is removed whole, so that the end may come to lie before it. It is durable when this
     * returns: what was cut off must not come back with a loss of power.
     *
     * @param offset the new end, exclusive, from the start to the end
     */
    void truncateTo(long offset);

    /**
     * Drops everything and starts anew, empty. It is durable when this returns.
     *
     * @param offset the new start and end
     */
    void resetTo(long offset);

    /**
     * Makes an offset the start, unless the log starts there or later.
     *
     * @param offset the new start, not above the end
     */
    void deleteBefore(long offset);
}
