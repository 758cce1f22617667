// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.index.IndexFile;
import io.varve.log.index.KafkaIndexes;
import io.varve.log.index.SegmentSummary;
import io.varve.log.index.SparseIndex;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import io.varve.log.storage.StorageFile;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One file of batches with its sparse index.
 *
 * <p>Threading: one writer, any readers. A reader takes {@link #endOffset} before {@link #sizeBytes}, and reads the file only while
 * it {@link #hold}s the segment.
 */
final class Segment {

    /** The length of a file and every position in it fit into an int. */
    static final long MAX_BYTES = Integer.MAX_VALUE;

    private static final VarHandle SIZE_BYTES = handle("sizeBytes");
    private static final VarHandle END_OFFSET = handle("endOffset");

    private final Storage storage;
    private final long baseOffset;
    private final int indexIntervalBytes;
    private final String suffix;
    private final SegmentFile file;
    private final SegmentIndex index;

    private volatile long sizeBytes;
    private volatile long endOffset;
    private volatile long checkpointBytes;
    private volatile long recoveryLimit;
    private volatile long forcedBytes;
    private volatile boolean sealed;

    /** Who says what the segment is, until its file has been looked at; null when that was done. */
    private volatile @Nullable Manifest voucher;

    private volatile boolean activated;
    // Published by the release store of the size; a reader may see a later one, which is as true.
    private long maxTimestampMs = BatchDescriptor.NO_TIMESTAMP;
    private long maxTimestampOffset = -1;
    private long bytesSinceIndexEntry;

    private Segment(Storage storage, long baseOffset, int indexIntervalBytes, String suffix) {
        this.storage = storage;
        this.baseOffset = baseOffset;
        this.indexIntervalBytes = indexIntervalBytes;
        this.suffix = suffix;
        // Opening a log comes by here for every segment: the plus of strings is slow in a process that has just
        // started.
        this.file = new SegmentFile(storage, LogFiles.segment(baseOffset, LogFiles.LOG.concat(suffix)));
        this.index = new SegmentIndex(storage, baseOffset, suffix);
        this.endOffset = baseOffset;
    }

    private static VarHandle handle(String field) {
        try {
            return MethodHandles.lookup().findVarHandle(Segment.class, field, long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** An empty segment in a new file, which the caller holds; that may have been prepared under another name. */
    static Segment create(Storage storage, long baseOffset, LogConfig config, boolean prepared) {
        Segment segment = existing(storage, baseOffset, config.indexIntervalBytes());
        if (storage.exists(segment.name())) {
            storage.delete(segment.name());
        }
        if (prepared) {
            storage.rename(LogFiles.PREPARED, segment.name());
        } else {
            storage.prepare(segment.name(), config.segmentBytes());
        }
        segment.index.entries(new SparseIndex());
        try {
            segment.activate(config.recoveryBytes());
            segment.boundRecovery(config.recoveryBytes());
        } catch (StorageException e) {
            segment.retire();
            throw e;
        }
        return segment;
    }

    /** Keeps the file of the last segment open for appends, made as cheap as the storage can; called before it is read or written. */
    void resumeAppends(LogConfig config) {
        file.letGo();
        try {
            storage.prepare(name(), config.segmentBytes());
        } catch (OutOfSpaceException e) {
            // The file is as it was, and serves: the append that finds no room will say so.
        }
        activate(config.recoveryBytes());
        boundRecovery(config.recoveryBytes());
    }

    /**
     * Says in the index file how little of a file that is longer than what it holds is to be read again after a crash. It need not be
     * durable: without it all is read, which takes longer and finds the same.
     */
    private void boundRecovery(int recoveryBytes) {
        if (file.opened().sizeBytes() > sizeBytes) {
            index.appendUnforced(entries(), summary(recoveryBytes / 2));
            sealed = false;
        }
    }

    /**
     * Lets the storage make the next writes cheap: many times as many as there were since the last call, so that the appends do not catch
     * up while the caller waits for a disk. An idle segment is left alone. Called by one thread at a time, while the segment is activated.
     */
    void prepareAhead() {
        file.prepareAhead(sizeBytes);
    }

    /** A segment that stands in its file already: {@link #adopt} its summary or {@link #resume} at its checkpoint. */
    static Segment existing(Storage storage, long baseOffset, int indexIntervalBytes) {
        return new Segment(storage, baseOffset, indexIntervalBytes, "");
    }

    /** An empty segment in which compaction gathers what stays; the caller holds it. Its files are not yet those of a segment. */
    static Segment cleaned(Storage storage, long baseOffset, int indexIntervalBytes) {
        Segment segment = new Segment(storage, baseOffset, indexIntervalBytes, LogFiles.CLEANED);
        storage.delete(segment.name());
        segment.index.entries(new SparseIndex());
        segment.activated = segment.file.hold();
        return segment;
    }

    /** Believes the end of the index file, when it covers all of a log file of this length; the rest is read when it is needed. */
    boolean adopt(long fileBytes) {
        SegmentSummary summary = index.summary();
        if (summary == null || summary.sizeBytes() != fileBytes || summary.recoveryBytes() != 0) {
            return false;
        }
        take(summary);
        sealed = true;
        return true;
    }

    /** Believes the manifest; whether file and index are as it says is seen when the segment is first held. */
    void believe(SegmentSummary summary, Manifest manifest) {
        take(summary);
        voucher = manifest;
        sealed = true;
    }

    /** Whether only the manifest says yet what the segment is. */
    boolean isVouchedFor() {
        return voucher != null;
    }

    /**
     * Believes what the index file proves and no more.
     *
     * @return the position up to which batches may stand that the index file does not know
     */
    long resume(long fileBytes) {
        IndexFile.Loaded loaded = index.resume(fileBytes);
        if (loaded == null) {
            index.reset();
            forget();
            return fileBytes;
        }
        take(loaded.summary());
        long recoveryBytes = loaded.summary().recoveryBytes();
        return recoveryBytes == 0 || !loaded.whole() ? fileBytes : Math.min(fileBytes, sizeBytes + recoveryBytes);
    }

    /** Keeps the file open for appends, and limits what may be appended before the next checkpoint. */
    void activate(int recoveryBytes) {
        // Half of it: a segment that was rolled and not yet sealed may have as much to be read again.
        recoveryLimit = sizeBytes + recoveryBytes / 2;
        forcedBytes = sizeBytes;
        if (!activated) {
            activated = hold();
        }
    }

    /** Nothing is appended any more. */
    void passivate() {
        if (activated) {
            activated = false;
            file.release();
        }
    }

    boolean isActivated() {
        return activated;
    }

    /** Position beyond which nothing may be appended without a checkpoint. */
    long recoveryLimit() {
        return recoveryLimit;
    }

    /** About how many bytes are durable. */
    long forcedBytes() {
        return forcedBytes;
    }

    private void take(SegmentSummary summary) {
        maxTimestampMs = summary.maxTimestampMs();
        maxTimestampOffset = summary.maxTimestampOffset();
        checkpointBytes = summary.sizeBytes();
        sizeBytes = summary.sizeBytes();
        endOffset = summary.endOffset();
    }

    private void forget() {
        index.entries(new SparseIndex());
        maxTimestampMs = BatchDescriptor.NO_TIMESTAMP;
        maxTimestampOffset = -1;
        checkpointBytes = 0;
        forcedBytes = 0;
        bytesSinceIndexEntry = 0;
        sizeBytes = 0;
        endOffset = baseOffset;
    }

    /** Takes in a batch that stands in the file, at the present end or behind a damaged stretch. */
    void note(ByteBuffer header, int at, long position) {
        int batchBytes = BatchDescriptor.sizeBytes(header, at);
        long lastOffset = BatchDescriptor.lastOffset(header, at);
        long timestampMs = BatchDescriptor.maxTimestampMs(header, at);
        // A batch that compaction has emptied has the timestamp of records that are gone.
        if (timestampMs > maxTimestampMs && BatchDescriptor.recordCount(header, at) > 0) {
            maxTimestampMs = timestampMs;
            maxTimestampOffset = lastOffset;
        }
        boolean behindDamage = position > sizeBytes;
        if (behindDamage || bytesSinceIndexEntry > indexIntervalBytes) {
            // Behind damage the entry must be found by every offset of the batch, not by its last alone.
            long indexed = behindDamage ? BatchDescriptor.baseOffset(header, at) : lastOffset;
            int maxTimestampAt = (int) (maxTimestampOffset - baseOffset);
            entries().add((int) (indexed - baseOffset), (int) position, maxTimestampMs, maxTimestampAt);
            bytesSinceIndexEntry = 0;
        }
        bytesSinceIndexEntry += batchBytes;
        SIZE_BYTES.setRelease(this, position + batchBytes);
        END_OFFSET.setRelease(this, lastOffset + 1);
    }

    /** Appends batches that are valid and have their offsets: one write, then the headers are taken in. */
    void append(ByteBuffer batches) {
        int at = batches.position();
        int limit = batches.limit();
        long position = sizeBytes;
        if (sealed) {
            sealed = false;
        }
        file.opened().write(batches, position);
        while (at < limit) {
            note(batches, at, position);
            int batchBytes = BatchDescriptor.sizeBytes(batches, at);
            at += batchBytes;
            position += batchBytes;
        }
    }

    /** Cuts off what stands behind the last good batch. The caller holds the segment. */
    void cutBack() {
        file.opened().truncate(sizeBytes);
    }

    /**
     * Removes the batches that hold an offset or later ones. The caller holds the segment.
     *
     * <p>The index file goes first: it must never speak of batches that were replaced by others.
     */
    void truncateTo(long offset) {
        if (offset >= endOffset) {
            return;
        }
        long position = positionOf(offset);
        SparseIndex kept = entries().below(position);
        index.reset();
        index.deleteKafkaIndexes();
        file.opened().truncate(position);
        sealed = false;
        forget();
        int last = kept.entryCount() - 1;
        long from = last < 0 ? 0 : kept.position(last);
        index.entries(kept);
        if (last >= 0) {
            maxTimestampMs = kept.maxTimestampMs(last);
            maxTimestampOffset = baseOffset + kept.maxTimestampRelativeOffset(last);
        }
        sizeBytes = from;
        BatchScan scan = scan(from, position);
        while (scan.next()) {
            note(scan.header(), scan.headerAt(), scan.position());
        }
        // What remains was known to be durable or is within the bound that held before.
        recoveryLimit = Math.min(recoveryLimit, sizeBytes);
    }

    /** Position of the batch that holds this offset or, when it was compacted away, the next one that is there. */
    long positionOf(long offset) {
        long limit = sizeBytes;
        return new BatchLookup(this, entries(), limit, offset).position();
    }

    /** The same when what was found there is damaged: the batch may yet stand behind the damage. See {@link BatchLookup}. */
    long checkedPositionOf(long offset) {
        long limit = sizeBytes;
        return new BatchLookup(this, entries(), limit, offset).checkedPosition();
    }

    /** End of the last whole batch at or before {@code from + maxBytes}, but at least the end of the batch at {@code from}. */
    long positionAfter(long from, long maxBytes, long limit) {
        if (limit - from <= maxBytes) {
            return limit;
        }
        long start =
                Math.max(from, entries().lastPositionAtOrBelow((int) Math.min(from + maxBytes, Integer.MAX_VALUE)));
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

    /** A scan of the headers between two positions at which batches begin. The caller holds the segment. */
    BatchScan scan(long from, long limit) {
        return new BatchScan(name(), file.opened(), from, limit);
    }

    /** A scan from where the first batch with a record at or after a time may stand. */
    BatchScan scanFromTime(long timestampMs) {
        long limit = sizeBytes;
        return scan(entries().positionBeforeTime(timestampMs), limit);
    }

    /** The entries of the index, read from its file when it has not been needed yet, and made anew when that is damaged. */
    private SparseIndex entries() {
        SparseIndex current = index.entries();
        return current == null ? index.load(sizeBytes, this::entriesOfBatches) : current;
    }

    private SparseIndex entriesOfBatches() {
        SparseIndex rebuilt = new SparseIndex();
        Segment scratch = existing(storage, baseOffset, indexIntervalBytes);
        scratch.index.entries(rebuilt);
        BatchScan scan = scan(0, sizeBytes);
        while (scan.next()) {
            scratch.note(scan.header(), scan.headerAt(), scan.position());
        }
        return rebuilt;
    }

    /** What the segment amounts to now. */
    SegmentSummary summary(long recoveryBytes) {
        return new SegmentSummary(sizeBytes, endOffset, maxTimestampMs, maxTimestampOffset, recoveryBytes);
    }

    int indexEntryCount() {
        return entries().entryCount();
    }

    /** Makes the contents durable. The caller holds the segment. */
    void force() {
        long until = sizeBytes;
        file.opened().force();
        forcedBytes = until;
    }

    /** Says in the index file what is durable: the segment up to {@code summary}, and this many entries. */
    void checkpoint(SegmentSummary summary, int entryCount) {
        index.append(entries(), entryCount, summary);
        checkpointBytes = summary.sizeBytes();
        recoveryLimit = summary.sizeBytes() + summary.recoveryBytes();
    }

    /** Makes all durable and writes the index files: nothing is appended any more, or not in this run. The caller holds the segment. */
    void seal() {
        if (sealed) {
            return;
        }
        StorageFile opened = file.opened();
        if (opened.sizeBytes() > sizeBytes) {
            opened.truncate(sizeBytes);
        }
        opened.force();
        checkpoint(summary(0), indexEntryCount());
        if (suffix.isEmpty()) {
            saveKafkaIndexes();
        }
        forcedBytes = sizeBytes;
        sealed = true;
    }

    /** Writes the indexes for Kafka's tools. */
    void saveKafkaIndexes() {
        index.saveKafkaIndexes(
                entries(), new KafkaIndexes.SealedEnd(maxTimestampMs, (int) (maxTimestampOffset - baseOffset)));
    }

    /** Closes and deletes the files of a segment that compaction has not finished or not changed. */
    void discard() {
        retire();
        storage.delete(name());
        index.discard();
    }

    /** Holds the segment, its file open and its index in memory, while others take the names of its files. */
    void pin() {
        if (!hold()) {
            throw new IllegalStateException("the segment is gone: file=" + name());
        }
        try {
            entries();
        } catch (StorageException e) {
            release();
            throw e;
        }
    }

    /** Deletes the files; those who hold the segment read on. */
    void delete() {
        // Nobody opens the file from here on: that would make a new one.
        retire();
        storage.delete(name());
        index.delete();
    }

    /**
     * Keeps the file open until {@link #release}; false when the segment has been deleted or the log closed.
     *
     * @throws CorruptLogException when somebody else has changed the file since it was sealed
     */
    boolean hold() {
        boolean held = file.hold();
        Manifest manifest = voucher;
        if (held && manifest != null) {
            try {
                look(manifest);
            } catch (StorageException | CorruptLogException e) {
                file.release();
                throw e;
            }
        }
        return held;
    }

    /** Sees whether file and index are what the manifest says. An index that is not is made anew when it is needed. */
    private void look(Manifest manifest) {
        long fileBytes = file.opened().sizeBytes();
        if (fileBytes != sizeBytes) {
            manifest.distrust();
            throw new CorruptLogException(
                    name(),
                    Math.min(fileBytes, sizeBytes),
                    "the file was changed after it was sealed: fileBytes=" + fileBytes + ", sealedBytes=" + sizeBytes
                            + "; close the log and open it again to have it recovered");
        }
        SegmentSummary indexed = index.summary();
        if (!summary(0).equals(indexed)) {
            manifest.distrust();
        }
        voucher = null;
    }

    void release() {
        file.release();
    }

    /** Closes the file as soon as nobody holds it, and lets nobody hold it again. */
    void retire() {
        file.retire();
        passivate();
    }

    /** Closes the file until it is needed again, when nobody holds it. */
    void letGo() {
        file.letGo();
    }

    /** Lets go of file and index when the segment is sealed and was not read since the last call. */
    void rest() {
        if (sealed && file.rest()) {
            index.rest();
        }
    }

    String name() {
        return file.name();
    }

    StorageFile file() {
        return file.opened();
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

    /** Up to where the index file knows the segment, bytes. */
    long checkpointBytes() {
        return checkpointBytes;
    }

    boolean isSealed() {
        return sealed;
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
        if (maxTimestampMs >= 0 && maxTimestampMs <= nowMs) {
            return maxTimestampMs;
        }
        if (!file.hold()) {
            return nowMs;
        }
        try {
            return file().lastModifiedMs();
        } finally {
            release();
        }
    }

    long maxTimestampOffset() {
        return maxTimestampOffset;
    }
}
