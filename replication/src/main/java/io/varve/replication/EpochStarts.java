// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication;

import java.util.Map;
import java.util.TreeMap;

/**
 * Which epoch began at which offset of a log, and what follows from it: whether another log agrees with this one, and where to cut one
 * that does not.
 *
 * <p>A follower names the end of its log, an offset and the epoch of its last record. A leader that does not {@link #holds hold} that
 * answers with the {@link #endOf end} of the latest epoch of its own that is not later; the follower cuts its log at the
 * {@link #truncationPoint} and asks again. Each round drops at least one epoch of the follower's that the leader has not got, and no
 * record that both have. Source: KIP-101, KIP-279, KIP-320; asked and answered within a fetch as in KIP-595.
 *
 * <p>Threading: confined to the thread of its owner.
 */
public final class EpochStarts {

    private final TreeMap<Integer, Long> starts = new TreeMap<>();

    /**
     * Begins anew: nothing is known but the record before {@code base}.
     *
     * @param base the position at which the log starts
     */
    public void reset(OffsetAndEpoch base) {
        starts.clear();
        if (base.offset() > 0) {
            // Where the epoch really began is not known; that it holds this record is.
            starts.put(base.epoch(), base.offset() - 1);
        }
    }

    /**
     * Notes a record that is appended.
     *
     * @param epoch its epoch, not less than the latest
     * @param offset its offset
     * @throws IllegalArgumentException when the epoch is less than the latest
     */
    public void append(int epoch, long offset) {
        int latest = latest();
        if (epoch < latest) {
            throw new IllegalArgumentException("epoch goes back: epoch=" + epoch + ", latest=" + latest);
        }
        if (epoch > latest) {
            starts.put(epoch, offset);
        }
    }

    /**
     * Forgets the epochs that began at or behind an offset.
     *
     * @param endOffset the end of the log, exclusive
     */
    public void truncateTo(long endOffset) {
        while (!starts.isEmpty() && starts.lastEntry().getValue() >= endOffset) {
            starts.pollLastEntry();
        }
    }

    /**
     * Forgets the epochs that ended before the record before an offset.
     *
     * @param startOffset the start of the log
     */
    public void deleteBefore(long startOffset) {
        int kept = epochAt(startOffset - 1);
        starts.headMap(kept, false).clear();
    }

    /** {@return the latest epoch, 0 when there is none} */
    public int latest() {
        return starts.isEmpty() ? 0 : starts.lastKey();
    }

    /**
     * {@return the epoch of the record at an offset, 0 when it is not known}
     *
     * @param offset offset of the record
     */
    public int epochAt(long offset) {
        int epoch = 0;
        for (Map.Entry<Integer, Long> start : starts.entrySet()) {
            if (start.getValue() > offset) {
                break;
            }
            epoch = start.getKey();
        }
        return epoch;
    }

    /**
     * The end of the latest epoch that is not later than one.
     *
     * @param epoch the epoch asked for
     * @param endOffset the end of this log, exclusive
     * @return that epoch, 0 when none is known, and the offset behind its last record
     */
    public OffsetAndEpoch endOf(int epoch, long endOffset) {
        Map.Entry<Integer, Long> next = starts.higherEntry(epoch);
        Integer known = starts.floorKey(epoch);
        return new OffsetAndEpoch(next == null ? endOffset : next.getValue(), known == null ? 0 : known);
    }

    /**
     * Whether this log has everything that a log has that ends there.
     *
     * @param position the end of the other log
     * @param endOffset the end of this log, exclusive
     * @return whether the other log is a prefix of this one
     */
    public boolean holds(OffsetAndEpoch position, long endOffset) {
        OffsetAndEpoch end = endOf(position.epoch(), endOffset);
        return end.epoch() == position.epoch() && position.offset() <= end.offset();
    }

    /**
     * Where a follower cuts its log, having been told that the leader does not hold its end.
     *
     * @param leader the end of the leader's latest epoch that is not later than the follower's last one
     * @param endOffset the end of this log, the follower's, exclusive
     * @return the new end of this log; all behind it is not the leader's
     */
    public long truncationPoint(OffsetAndEpoch leader, long endOffset) {
        return Math.min(leader.offset(), endOf(leader.epoch(), endOffset).offset());
    }
}
