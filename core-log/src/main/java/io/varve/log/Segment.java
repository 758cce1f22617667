// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.index.KafkaIndexes;
import io.varve.log.index.SegmentSummary;
import io.varve.log.index.SparseIndex;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One file of batches with its sparse index.
 *
 * <p>The file is closed when the log and every reader have let go of it, so a segment that was deleted can be read to its end.
 *
 * <p>Threading: one writer, any readers. A reader takes {@link #endOffset} before {@link #sizeBytes}.
 */
final class Segment {

    /** The length of a file and every position in it fit into an int. */
    static final long MAX_BYTES = Integer.MAX_VALUE;

    private final Storage storage;
    private final long baseOffset;
    private final int indexIntervalBytes;
    private final String name;
    private final StorageFile file;
    private final AtomicInteger holds = new AtomicInteger(1);

    private volatile SparseIndex index = new SparseIndex();
    private volatile long sizeBytes;
    private volatile long endOffset;
    private volatile long maxTimestampMs = BatchDescriptor.NO_TIMESTAMP;
    private volatile long maxTimestampOffset = -1;
    private long bytesSinceIndexEntry;

    private Segment(Storage storage, long baseOffset, int indexIntervalBytes) {
        this.storage = storage;
        this.baseOffset = baseOffset;
        this.indexIntervalBytes = indexIntervalBytes;
        this.name = LogFiles.segment(baseOffset, LogFiles.LOG);
        this.file = storage.open(name);
        this.endOffset = baseOffset;
    }

    /** An empty segment in a new file. */
    static Segment create(Storage storage, long baseOffset, int indexIntervalBytes) {
        Segment segment = new Segment(storage, baseOffset, indexIntervalBytes);
        if (segment.file.sizeBytes() > 0) {
            segment.file.truncate(0);
        }
        return segment;
    }

    /** A segment whose contents are not yet known: {@link #adopt} them from its index or find them by {@link #note}. */
    static Segment existing(Storage storage, long baseOffset, int indexIntervalBytes) {
        return new Segment(storage, baseOffset, indexIntervalBytes);
    }

    /** Takes over index and summary from the index file, when that is sound and about this very file. */
    boolean adopt() {
        SparseIndex.Loaded loaded = SparseIndex.load(storage, indexName(), file.sizeBytes());
        if (loaded == null) {
            return false;
        }
        index = loaded.index();
        SegmentSummary summary = loaded.summary();
        maxTimestampMs = summary.maxTimestampMs();
        maxTimestampOffset = summary.maxTimestampOffset();
        sizeBytes = summary.sizeBytes();
        endOffset = summary.endOffset();
        return true;
    }

    /** Takes in a batch that stands in the file already, at the present end or behind a damaged stretch. */
    void note(ByteBuffer header, int at, long position) {
        int batchBytes = BatchDescriptor.sizeBytes(header, at);
        long lastOffset = BatchDescriptor.lastOffset(header, at);
        long timestampMs = BatchDescriptor.maxTimestampMs(header, at);
        if (timestampMs > maxTimestampMs) {
            maxTimestampMs = timestampMs;
            maxTimestampOffset = lastOffset;
        }
        boolean behindDamage = position > sizeBytes;
        if (behindDamage || bytesSinceIndexEntry > indexIntervalBytes) {
            // Behind damage the entry must be found by every offset of the batch, not by its last alone.
            long indexed = behindDamage ? BatchDescriptor.baseOffset(header, at) : lastOffset;
            int maxTimestampAt = (int) (maxTimestampOffset - baseOffset);
            index.add((int) (indexed - baseOffset), (int) position, maxTimestampMs, maxTimestampAt);
            bytesSinceIndexEntry = 0;
        }
        bytesSinceIndexEntry += batchBytes;
        sizeBytes = position + batchBytes;
        endOffset = lastOffset + 1;
    }

    /** Forgets all that is known of the contents, to find it anew. */
    void forget() {
        index = new SparseIndex();
        endOffset = baseOffset;
        sizeBytes = 0;
        maxTimestampMs = BatchDescriptor.NO_TIMESTAMP;
        maxTimestampOffset = -1;
        bytesSinceIndexEntry = 0;
    }

    /** Appends batches that are valid and have their offsets: one write, then the headers are taken in. */
    void append(ByteBuffer batches) {
        int at = batches.position();
        int limit = batches.limit();
        long position = sizeBytes;
        file.write(batches, position);
        while (at < limit) {
            note(batches, at, position);
            int batchBytes = BatchDescriptor.sizeBytes(batches, at);
            at += batchBytes;
            position += batchBytes;
        }
    }

    /** Cuts off what a failed append left behind the last good batch. */
    void cutBack() {
        file.truncate(sizeBytes);
    }

    /** Cuts the file off where a batch begins; the contents must be found anew. */
    void truncateFile(long position) {
        file.truncate(position);
        forget();
    }

    /** Position of the batch that holds this offset or, when it was compacted away, the next one that is there. */
    long positionOf(long offset) {
        long limit = sizeBytes;
        int relativeOffset = (int) Math.min(offset - baseOffset, Integer.MAX_VALUE);
        BatchScan scan = scan(index.positionAtOrBelow(relativeOffset), limit);
        while (scan.next()) {
            if (scan.lastOffset() >= offset) {
                return scan.position();
            }
        }
        return limit;
    }

    /** End of the last whole batch at or before {@code from + maxBytes}, but at least the end of the batch at {@code from}. */
    long positionAfter(long from, long maxBytes, long limit) {
        if (limit - from <= maxBytes) {
            return limit;
        }
        long start = Math.max(from, index.lastPositionAtOrBelow((int) Math.min(from + maxBytes, Integer.MAX_VALUE)));
        BatchScan scan = scan(start, limit);
        long end = start;
        while (scan.next()) {
            long batchEnd = scan.position() + scan.sizeBytes();
            if (batchEnd - from > maxBytes && end > from) {
                break;
            }
            end = batchEnd;
            if (end - from >= maxBytes) {
                break;
            }
        }
        return end;
    }

    /** A scan of the headers between two positions at which batches begin. */
    BatchScan scan(long from, long limit) {
        return new BatchScan(name, file, from, limit);
    }

    /** A scan from where the first batch with a record at or after a time may stand. */
    BatchScan scanFromTime(long timestampMs) {
        long limit = sizeBytes;
        return scan(index.positionBeforeTime(timestampMs), limit);
    }

    /** Makes the contents durable. */
    void force() {
        file.force();
    }

    /** Makes the contents durable and writes the index files: nothing is appended any more, or not in this run. */
    void seal() {
        file.force();
        index.save(storage, indexName(), new SegmentSummary(sizeBytes, endOffset, maxTimestampMs, maxTimestampOffset));
        KafkaIndexes.save(
                storage,
                LogFiles.segment(baseOffset, LogFiles.KAFKA_OFFSET_INDEX),
                LogFiles.segment(baseOffset, LogFiles.KAFKA_TIME_INDEX),
                index,
                new KafkaIndexes.SealedEnd(maxTimestampMs, (int) (maxTimestampOffset - baseOffset)));
    }

    /** Deletes the files; readers that hold the segment read on. */
    void delete() {
        for (String suffix : new String[] {
            LogFiles.LOG, LogFiles.SPARSE_INDEX, LogFiles.KAFKA_OFFSET_INDEX, LogFiles.KAFKA_TIME_INDEX
        }) {
            storage.delete(LogFiles.segment(baseOffset, suffix));
        }
        release();
    }

    /** Keeps the file open until {@link #release}; false when it is closed already. */
    boolean hold() {
        int current = holds.get();
        while (current > 0) {
            if (holds.compareAndSet(current, current + 1)) {
                return true;
            }
            current = holds.get();
        }
        return false;
    }

    void release() {
        if (holds.decrementAndGet() == 0) {
            file.close();
        }
    }

    private String indexName() {
        return LogFiles.segment(baseOffset, LogFiles.SPARSE_INDEX);
    }

    String name() {
        return name;
    }

    StorageFile file() {
        return file;
    }

    long baseOffset() {
        return baseOffset;
    }

    long endOffset() {
        return endOffset;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    boolean isEmpty() {
        return sizeBytes == 0;
    }

    long maxTimestampMs() {
        return maxTimestampMs;
    }

    /**
     * The moment from which retention counts: the largest timestamp or, when there is none or it lies in the future and proves
     * nothing, the last write.
     */
    long lastUsedMs(long nowMs) {
        boolean credible = maxTimestampMs >= 0 && maxTimestampMs <= nowMs;
        return credible ? maxTimestampMs : file.lastModifiedMs();
    }

    long maxTimestampOffset() {
        return maxTimestampOffset;
    }
}
