// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.BatchRewrite;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.batch.InvalidBatchException.Reason;
import io.varve.log.batch.RecordCursor;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides what compaction leaves of each batch. The batches of a log are handed in from its beginning, in order.
 *
 * <p>A record stays when it is the last of its key. A tombstone stays, too, until its horizon has passed: the first compaction that
 * sees it sets the horizon of its batch, a later one drops it. A marker that ends a transaction stays while records of the
 * transaction are there, and then until a horizon. Records without keys and records of aborted transactions go. Source: KIP-534.
 *
 * <p>Memory: one unpacked record, the rewritten batch, and the identifiers of the producers with an open transaction.
 *
 * <p>Threading: confined to one thread.
 */
public final class BatchFilter {

    /** Type of a control record, in its key behind two bytes of version. */
    private static final int MARKER_TYPE = 2;

    private static final int MARKER_KEY_BYTES = 4;
    private static final int LAST_MARKER_TYPE = 1;

    private final Latest latest;
    private final CompactionOwner owner;
    private final long nowMs;
    private final long newHorizonMs;
    private final int maxBytes;

    /** Producers with records of a transaction that no marker has ended yet. */
    private final Set<Long> openTransactions = new HashSet<>();

    private final BitSet kept = new BitSet();
    private boolean keptTombstone;

    private long keptRecords;
    private long droppedRecords;
    private long keylessRecords;

    /** Tells whether a record is the last of its key; asked for increasing offsets. */
    @FunctionalInterface
    public interface Latest {

        /**
         * {@return whether no later record has the key}
         *
         * @param key from position to limit; not moved
         * @param offset offset of the record, larger than at the call before
         */
        boolean isLatest(ByteBuffer key, long offset);
    }

    /**
     * A filter before the first batch of a log.
     *
     * @param latest which records are the last of their key
     * @param owner which transactions were aborted, and which batches must stay though empty
     * @param nowMs against which horizons are held, milliseconds since the epoch
     * @param policy how long tombstones and markers stay, and how large a batch may be
     */
    public BatchFilter(Latest latest, CompactionOwner owner, long nowMs, CompactionPolicy policy) {
        this.latest = latest;
        this.owner = owner;
        this.nowMs = nowMs;
        long horizonMs = nowMs + policy.deleteRetentionMs();
        this.newHorizonMs = horizonMs < nowMs ? Long.MAX_VALUE : horizonMs;
        this.maxBytes = policy.maxBatchBytes();
    }

    /**
     * What stays of a batch.
     *
     * @param batch from position to limit, with a header that was checked; neither moved nor changed
     * @return the same buffer when all stays as it is, another one with what stays, null when nothing does
     * @throws InvalidBatchException when the records cannot be read; it names the base offset
     */
    public @Nullable ByteBuffer filter(ByteBuffer batch) {
        int at = batch.position();
        try {
            return BatchDescriptor.isControl(batch, at) ? filterMarker(batch, at) : filterRecords(batch, at);
        } catch (InvalidBatchException e) {
            throw new InvalidBatchException(
                    e.reason(), "baseOffset=" + BatchDescriptor.baseOffset(batch, at) + ": " + e.getMessage(), e);
        }
    }

    private @Nullable ByteBuffer filterRecords(ByteBuffer batch, int at) {
        long producerId = BatchDescriptor.producerId(batch, at);
        boolean aborted = false;
        if (BatchDescriptor.isTransactional(batch, at)) {
            openTransactions.add(producerId);
            aborted = owner.isAborted(producerId, BatchDescriptor.baseOffset(batch, at));
        }
        choose(batch, at, aborted);
        int count = BatchDescriptor.recordCount(batch, at);
        int keptCount = kept.cardinality();
        keptRecords += keptCount;
        droppedRecords += count - keptCount;
        if (keptCount == 0) {
            return emptied(batch, at);
        }
        boolean needsHorizon = keptTombstone && BatchDescriptor.deleteHorizonMs(batch, at) < 0;
        if (keptCount == count && !needsHorizon) {
            return batch;
        }
        return BatchRewrite.keeping(batch, kept, needsHorizon ? newHorizonMs : BatchDescriptor.NO_TIMESTAMP, maxBytes);
    }

    /** Goes through the records, and so checks all of them, before anything is written. */
    private void choose(ByteBuffer batch, int at, boolean aborted) {
        kept.clear();
        keptTombstone = false;
        long horizonMs = BatchDescriptor.deleteHorizonMs(batch, at);
        boolean keepsTombstones = horizonMs < 0 || nowMs < horizonMs;
        long lastOffset = BatchDescriptor.lastOffset(batch, at);
        long before = BatchDescriptor.baseOffset(batch, at) - 1;
        try (RecordCursor records = RecordCursor.keys(batch, maxBytes)) {
            for (int i = 0; records.next(); i++) {
                long offset = records.offset();
                if (offset <= before || offset > lastOffset) {
                    throw new InvalidBatchException(
                            Reason.RECORDS,
                            "offset out of order: offset=" + offset + ", before=" + before + ", last=" + lastOffset);
                }
                before = offset;
                ByteBuffer key = records.key();
                keylessRecords += key == null ? 1 : 0;
                if (aborted || key == null || !latest.isLatest(key, offset)) {
                    continue;
                }
                if (!records.isTombstone() || keepsTombstones) {
                    kept.set(i);
                    keptTombstone |= records.isTombstone();
                }
            }
            records.checkEnd();
        }
    }

    private @Nullable ByteBuffer filterMarker(ByteBuffer batch, int at) {
        boolean ended = endsGoneTransaction(batch, at);
        long horizonMs = BatchDescriptor.deleteHorizonMs(batch, at);
        int count = BatchDescriptor.recordCount(batch, at);
        if (count == 0 || (ended && horizonMs >= 0 && nowMs >= horizonMs)) {
            droppedRecords += count;
            return emptied(batch, at);
        }
        keptRecords += count;
        if (!ended || horizonMs >= 0) {
            return batch;
        }
        kept.clear();
        kept.set(0, count);
        return BatchRewrite.keeping(batch, kept, newHorizonMs, maxBytes);
    }

    /** Whether a control batch ends a transaction of which no record is left. */
    private boolean endsGoneTransaction(ByteBuffer batch, int at) {
        boolean marker = false;
        try (RecordCursor records = RecordCursor.keys(batch, maxBytes)) {
            while (records.next()) {
                ByteBuffer key = records.key();
                if (key == null || key.remaining() < MARKER_KEY_BYTES) {
                    throw new InvalidBatchException(
                            Reason.RECORDS, "control record without a type: offset=" + records.offset());
                }
                int type = key.getShort(key.position() + MARKER_TYPE);
                marker = type >= 0 && type <= LAST_MARKER_TYPE;
            }
            records.checkEnd();
        }
        return marker && !openTransactions.remove(BatchDescriptor.producerId(batch, at));
    }

    /** A batch without records, when its header is still worth something. */
    private @Nullable ByteBuffer emptied(ByteBuffer batch, int at) {
        long producerId = BatchDescriptor.producerId(batch, at);
        if (producerId == BatchDescriptor.NO_PRODUCER_ID
                || !owner.isLastOfProducer(
                        producerId,
                        BatchDescriptor.producerEpoch(batch, at),
                        BatchDescriptor.lastOffset(batch, at),
                        BatchDescriptor.isControl(batch, at))) {
            return null;
        }
        return BatchDescriptor.recordCount(batch, at) == 0 ? batch : BatchRewrite.empty(batch);
    }

    /** {@return number of records that stayed so far} */
    public long keptRecords() {
        return keptRecords;
    }

    /** {@return number of records that went so far, those without keys included} */
    public long droppedRecords() {
        return droppedRecords;
    }

    /** {@return number of records that went because they had no key} */
    public long keylessRecords() {
        return keylessRecords;
    }
}
