// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A log: batches of records, appended at the end, read from any offset, deleted from the beginning.
 *
 * <p>What {@link #append} has returned for is with the operating system and survives the death of the process; what is below the
 * result of {@link #flush} survives that of the machine. The first write or flush that fails makes the log refuse all that would
 * change it until it is opened again; only a full disk is different: the append is undone, and a later one may succeed.
 *
 * <p>No thread is started: rolling happens in appends, retention when {@link #applyRetention} is called.
 *
 * <p>Threading: one writer, any readers. The methods that change the log belong to the writer.
 */
public final class CommitLog implements AutoCloseable {

    private final Storage storage;
    private final InstantSource clock;
    private final EpochHistory epochs;
    private final Segments segments = new Segments();
    private final LogSearch search = new LogSearch(this, segments);
    private final RecoveryReport recoveryReport;

    private volatile LogConfig config;
    private volatile long startOffset;
    private volatile long endOffset;
    private volatile long flushedOffset;
    private @Nullable StorageException failure;
    private long activeSinceMs;
    private boolean closed;

    private CommitLog(Storage storage, LogConfig config, InstantSource clock) {
        this.storage = storage;
        this.config = config;
        this.clock = clock;
        this.epochs = EpochHistory.load(storage);
        LogRecovery recovery = new LogRecovery(storage, config, epochs);
        List<Segment> found = recovery.segments();
        found.forEach(segments::add);
        long stored = storedStartOffset();
        if (found.isEmpty()) {
            segments.add(Segment.create(storage, stored, config.indexIntervalBytes()));
        }
        this.endOffset = Math.max(segments.active().endOffset(), stored);
        if (endOffset > segments.active().endOffset() || !recovery.isSound(segments.active())) {
            segments.active().seal();
            segments.add(Segment.create(storage, endOffset, config.indexIntervalBytes()));
        }
        this.startOffset = Math.max(stored, segments.first().baseOffset());
        // What an earlier run wrote and did not flush may still be in memory only.
        this.flushedOffset =
                recovery.report().wasClean() ? endOffset : segments.active().baseOffset();
        this.activeSinceMs = search.firstTimestampMs(segments.active()).orElse(clock.millis());
        this.recoveryReport = recovery.report();
        storage.delete(LogFiles.CLEAN_CLOSE);
        epochs.truncateTo(Math.max(endOffset, 1));
    }

    /**
     * Opens the log in a directory, creating it when it does not exist, and recovers it when it was not closed.
     *
     * @throws StorageException when the directory cannot be read or written
     */
    public static CommitLog open(Path directory, LogConfig config) {
        return open(ChannelStorage.open(directory), config);
    }

    /** Opens the log in a storage; see {@link #open(Path, LogConfig)}. */
    public static CommitLog open(Storage storage, LogConfig config) {
        return open(storage, config, InstantSource.system());
    }

    /** Opens the log in a storage with a clock of the caller's; it decides when a segment is old enough to be rolled. */
    public static CommitLog open(Storage storage, LogConfig config, InstantSource clock) {
        return new CommitLog(storage, config, clock);
    }

    private long storedStartOffset() {
        return LogFiles.contents(storage, LogFiles.START_OFFSET)
                .map(String::strip)
                .filter(text -> text.matches("\\d{1,18}"))
                .map(Long::parseLong)
                .orElse(0L);
    }

    /**
     * Appends whole batches. Base offsets and leader epochs are set in the buffer; the rest of a batch stays as it is.
     *
     * <p>All batches are appended or none.
     *
     * @param batches one or more batches from position to limit; the position is moved to the limit
     * @param epoch the leader's epoch, 0 or more
     * @return the base offset of the first batch
     * @throws InvalidBatchException when one of the batches is invalid or larger than the configuration allows
     * @throws FencedEpochException when a later epoch has appended
     * @throws OutOfSpaceException when the disk is full; nothing was appended
     * @throws StorageException when writing fails; the log is failed from then on
     */
    public long append(ByteBuffer batches, int epoch) {
        requireWritable();
        if (epoch < epochs.latest()) {
            throw new FencedEpochException(epoch, epochs.latest());
        }
        long baseOffset = endOffset;
        long nextOffset = assign(batches, baseOffset, epoch);
        guarded(() -> {
            rollIfNeeded(batches.remaining(), nextOffset);
            epochs.begin(epoch, baseOffset);
            segments.active().append(batches);
        });
        endOffset = nextOffset;
        if (nextOffset - flushedOffset >= config.flushPolicy().everyRecords()) {
            flush();
        }
        return baseOffset;
    }

    /** Checks all batches and sets their offsets and epoch; returns the offset behind the last. */
    private long assign(ByteBuffer batches, long baseOffset, int epoch) {
        int limit = batches.limit();
        int at = batches.position();
        if (at == limit) {
            throw new InvalidBatchException(InvalidBatchException.Reason.LENGTH, "bytes=0");
        }
        long nextOffset = baseOffset;
        while (at < limit) {
            int sizeBytes = BatchDescriptor.check(batches, at, limit, config.maxBatchBytes());
            BatchDescriptor.checkConsecutive(batches, at);
            BatchDescriptor.patch(batches, at, nextOffset, epoch);
            nextOffset += BatchDescriptor.recordCount(batches, at);
            at += sizeBytes;
        }
        return nextOffset;
    }

    private void rollIfNeeded(int appendBytes, long nextOffset) {
        Segment active = segments.active();
        if (active.isEmpty()) {
            activeSinceMs = clock.millis();
            return;
        }
        boolean full = active.sizeBytes() + appendBytes > Math.min(config.segmentBytes(), Segment.MAX_BYTES)
                || nextOffset - active.baseOffset() > Integer.MAX_VALUE;
        if (full || clock.millis() - activeSinceMs >= config.segmentAgeMs()) {
            roll();
        }
    }

    private void roll() {
        segments.active().seal();
        flushedOffset = endOffset;
        segments.add(Segment.create(storage, endOffset, config.indexIntervalBytes()));
        storage.force();
        activeSinceMs = clock.millis();
    }

    /**
     * Makes all that was appended durable.
     *
     * @return the first offset that is not durable, which is the end offset
     * @throws StorageException when it fails; the log is failed from then on, because what was not durable may be lost
     */
    public long flush() {
        requireWritable();
        long until = endOffset;
        if (until > flushedOffset) {
            guarded(() -> segments.active().force());
            flushedOffset = until;
        }
        return flushedOffset;
    }

    /** A reader of the records from {@code offset} on. */
    public LogReader readerAt(long offset) {
        return new LogReader(batchesAt(offset), offset);
    }

    /**
     * A reader of the batches from the one that holds {@code offset} on.
     *
     * @throws OffsetOutOfRangeException when the offset is below the start or above the end of the log
     */
    public BatchReader batchesAt(long offset) {
        requireInRange(offset);
        return new BatchReader(this, offset);
    }

    /**
     * The batches from the one that holds {@code offset} on, as a range of one segment's file.
     *
     * @param endOffset batches end at or before this offset, exclusive
     * @param maxBytes length that the slice does not exceed, except that the first batch is always whole
     * @return the slice, which the caller closes; empty when there is nothing at the offset yet
     * @throws OffsetOutOfRangeException when the offset is below the start or above the end of the log
     * @throws CorruptLogException when the bytes there are damaged
     */
    public LogSlice slice(long offset, long endOffset, int maxBytes) {
        requireInRange(offset);
        long end = Math.min(endOffset, this.endOffset);
        if (offset >= end) {
            return LogSlice.empty();
        }
        Segment segment = held(offset);
        try {
            long limit = end >= segment.endOffset() ? segment.sizeBytes() : segment.positionOf(end);
            long from = segment.positionOf(offset);
            if (from >= limit) {
                segment.release();
                return LogSlice.empty();
            }
            return LogSlice.of(segment, from, segment.positionAfter(from, maxBytes, limit));
        } catch (RuntimeException e) {
            segment.release();
            throw e;
        }
    }

    /** The segment that holds an offset, held for the caller; the next one when the offset's own ends before it. */
    Segment held(long offset) {
        long at = offset;
        while (true) {
            requireInRange(at);
            Segment segment = segments.floor(at);
            if (at >= segment.endOffset() && segment != segments.active()) {
                at = Math.max(at + 1, segments.after(segment).baseOffset());
                continue;
            }
            if (segment.hold()) {
                return segment;
            }
        }
    }

    private void requireInRange(long offset) {
        if (offset < startOffset || offset > endOffset) {
            throw new OffsetOutOfRangeException(offset, startOffset, endOffset);
        }
    }

    /** The first record whose timestamp is at or after a time, and that can be read. */
    public Optional<TimestampedOffset> firstAtOrAfter(long timestampMs) {
        return search.firstAtOrAfter(timestampMs);
    }

    /** The first record with the largest timestamp of all that can be read. */
    public Optional<TimestampedOffset> maxTimestamp() {
        return search.maxTimestamp();
    }

    /** First offset that can be read. */
    public long startOffset() {
        return startOffset;
    }

    /** Offset that the next record will get. */
    public long endOffset() {
        return endOffset;
    }

    /** First offset that is not durable. */
    public long flushedOffset() {
        return flushedOffset;
    }

    /** Length of all log files in bytes. */
    public long sizeBytes() {
        return segments.all().stream().mapToLong(Segment::sizeBytes).sum();
    }

    /** Number of segments, the active one included. */
    public int segmentCount() {
        return segments.all().size();
    }

    /** The latest epoch that appended, -1 when there is none. */
    public int epoch() {
        return epochs.latest();
    }

    /** The epoch in which the record at an offset was appended, -1 when unknown. */
    public int epochAt(long offset) {
        return epochs.epochAt(offset);
    }

    /**
     * Where an epoch ended: the largest known epoch not above the one asked for, and the first offset that is not of it. Both are -1
     * when the log knows no epoch that late. Source: KIP-101, KIP-279.
     */
    public OffsetAndEpoch endOffsetOf(int epoch) {
        return epochs.endOffsetOf(epoch, endOffset);
    }

    /**
     * Makes {@code offset} the start of the log and deletes the segments that end at or before it. Does nothing when the log starts
     * there or later already.
     *
     * @throws OffsetOutOfRangeException when the offset is above the end
     */
    public void deleteBefore(long offset) {
        requireWritable();
        if (offset > endOffset) {
            throw new OffsetOutOfRangeException(offset, startOffset, endOffset);
        }
        if (offset <= startOffset) {
            return;
        }
        guarded(() -> {
            LogFiles.replace(storage, LogFiles.START_OFFSET, offset + "\n", true);
            startOffset = offset;
            for (Segment segment : segments.all()) {
                if (segment == segments.active() || segment.endOffset() > offset) {
                    break;
                }
                segments.remove(segment);
                segment.delete();
            }
        });
    }

    /**
     * Makes {@code offset} the end of the log: removes the batches that hold it or later ones. A batch that begins before it and ends
     * after it is removed whole, so the end may come to lie before {@code offset},
     * though never before the start.
     *
     * @throws OffsetOutOfRangeException when the offset is below the start
     */
    public void truncateTo(long offset) {
        requireWritable();
        if (offset < startOffset) {
            throw new OffsetOutOfRangeException(offset, startOffset, endOffset);
        }
        if (offset >= endOffset) {
            return;
        }
        guarded(() -> {
            while (segments.active().baseOffset() > offset) {
                Segment last = segments.active();
                segments.remove(last);
                last.delete();
                if (segments.all().isEmpty()) {
                    segments.add(Segment.create(storage, offset, config.indexIntervalBytes()));
                }
            }
            search.cut(segments.active(), offset);
            endOffset = Math.max(startOffset, segments.active().endOffset());
            if (endOffset > segments.active().endOffset()) {
                roll();
            }
            flushedOffset = Math.min(flushedOffset, endOffset);
            epochs.truncateTo(endOffset);
        });
    }

    /**
     * Deletes the segments that the configured {@link RetentionPolicy} no longer keeps.
     *
     * @param nowMs wall-clock time in milliseconds since the epoch
     * @return number of segments deleted
     */
    public int applyRetention(long nowMs) {
        requireWritable();
        RetentionPolicy retention = config.retention();
        long keepFrom = startOffset;
        long excessBytes = retention.retentionBytes() < 0 ? 0 : sizeBytes() - retention.retentionBytes();
        int expired = 0;
        for (Segment segment : segments.all()) {
            boolean old = retention.retentionMs() >= 0
                    && !segment.isEmpty()
                    && nowMs - segment.lastUsedMs(nowMs) > retention.retentionMs();
            boolean inExcess = segment != segments.active() && excessBytes >= segment.sizeBytes();
            if (!old && !(inExcess && excessBytes > 0)) {
                break;
            }
            excessBytes -= segment.sizeBytes();
            keepFrom = segment.endOffset();
            expired++;
        }
        if (expired > 0) {
            if (keepFrom == endOffset && !segments.active().isEmpty()) {
                guarded(this::roll);
            }
            deleteBefore(keepFrom);
        }
        return expired;
    }

    /** Changes the configuration; index intervals hold from the next segment on. */
    public void reconfigure(LogConfig config) {
        this.config = config;
    }

    /** What opening the log found and did. */
    public RecoveryReport recoveryReport() {
        return recoveryReport;
    }

    /** Whether a write or flush failed, so that the log refuses what would change it. */
    public boolean isFailed() {
        return failure != null;
    }

    /**
     * Flushes, writes the index of the active segment and marks the log as closed, so that the next opening reads nothing again. A
     * failed log is only let go of. Idempotent.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        try {
            if (failure == null) {
                guarded(() -> {
                    segments.active().seal();
                    LogFiles.replace(storage, LogFiles.CLEAN_CLOSE, endOffset + "\n", true);
                });
            }
        } finally {
            closed = true;
            segments.all().forEach(Segment::release);
        }
    }

    private void requireWritable() {
        if (closed) {
            throw new IllegalStateException("the log is closed: storage=" + storage);
        }
        StorageException earlier = failure;
        if (earlier != null) {
            String message = "the log has failed and must be opened again: storage=" + storage;
            throw new StorageException(message, new IOException(earlier));
        }
    }

    /** Runs what changes files: a full disk is undone, any other failure is remembered. */
    private void guarded(Runnable change) {
        try {
            change.run();
        } catch (OutOfSpaceException e) {
            undo();
            throw e;
        } catch (StorageException e) {
            failure = e;
            throw e;
        }
    }

    private void undo() {
        try {
            segments.active().cutBack();
        } catch (StorageException e) {
            failure = e;
        }
    }
}
