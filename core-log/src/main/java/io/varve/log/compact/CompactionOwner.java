// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

/**
 * What the owner of a log knows of its records and compaction asks for. The defaults are those of a log without replicas, transactions
 * and producers that number their batches.
 *
 * <p>Threading: called by the thread that steps the compaction.
 */
public interface CompactionOwner {

    /** An owner that knows nothing. */
    CompactionOwner NONE = new CompactionOwner() {};

    /**
     * {@return the offset below which records may be compacted, exclusive} The high watermark or the last stable offset, so that
     * nothing is removed for the sake of a record that may yet disappear.
     */
    default long limitOffset() {
        return Long.MAX_VALUE;
    }

    /**
     * Whether the transaction of a batch was aborted. Its records are dropped.
     *
     * @param producerId who wrote the batch
     * @param baseOffset where it stands
     * @return true to drop them
     */
    default boolean isAborted(long producerId, long baseOffset) {
        return false;
    }

    /**
     * Whether a batch must stay, though without records, because it tells where a producer was: the last sequence that it wrote or, of
     * a marker, its epoch.
     *
     * @param producerId who wrote the batch
     * @param producerEpoch in which epoch
     * @param lastOffset offset of the last record
     * @param isMarker whether the batch is the marker that ends a transaction
     * @return true to keep the batch's header
     */
    default boolean isLastOfProducer(long producerId, short producerEpoch, long lastOffset, boolean isMarker) {
        return false;
    }
}
