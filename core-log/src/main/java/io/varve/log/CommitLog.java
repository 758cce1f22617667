// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.index.SegmentSummary;
import io.varve.log.job.Job;
import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.DirectoryInUseException;
import io.varve.log.storage.DirectoryLock;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A log: batches of records, appended at the end, read from any offset, deleted from the beginning.
 *
 * <p>What {@link #append} has returned for is with the operating system and survives the death of the process; what is below the
 * result of {@link #flush} survives that of the machine. The first write or flush that fails makes the log refuse all that would
 * change it until it is opened again; only a full disk is different: the append is undone, and a later one may succeed.
 *
 * <p>No thread is started. Rolling happens in appends; sealing what was rolled, checkpoints, preparing the next segment and retention
 * happen in the {@link #upkeep} job, and those that the log cannot do without in appends when nobody steps the job.
 *
 * <p>Threading: safe. Appends take turns; reads wait for nobody. An append waits for the disk only when its flush policy says so or
 * when more would have to be read again after a crash than {@link LogConfig#recoveryBytes}.
 */
public final class CommitLog implements AutoCloseable {

    /**
     * An offset and the leader epoch that it belongs to.
     *
     * <p>Threading: immutable.
     *
     * @param offset the offset
     * @param epoch the epoch
     */
    public record OffsetAndEpoch(long offset, int epoch) {}

    // Locks are taken in this order: compaction, deletion, upkeep, the turn of a flush, append, next segment or
    // arrivals.
    // Readers take none.
    private final Object compactionLock = new Object();
    private final Object deletionLock = new Object();
    private final Object upkeepLock = new Object();
    private final Object appendLock = new Object();
    private final Arrivals arrivals = new Arrivals();

    private final Storage storage;
    private final InstantSource clock;
    private final EpochHistory epochs;
    private final Reserve reserve;
    private final Cursors cursors;
    private final LogReset reset;
    private final Segments segments = new Segments();
    private final LogSearch search = new LogSearch(this, segments);
    private final NextSegment nextSegment;
    private final Manifest manifest;
    private final Durability durability;
    private final CompactionState compaction;
    private final RecoveryReport recoveryReport;
    private final @Nullable DirectoryLock lock;

    private volatile LogConfig config;
    private volatile long startOffset;
    private volatile long endOffset;
    private volatile long generation;

    /** Segments that compaction is replacing. */
    @GuardedBy("upkeepLock")
    private final List<Segment> pinned = new ArrayList<>();

    private volatile boolean directoryChanged;
    private volatile @Nullable StorageException failure;
    private volatile boolean closed;
    private volatile boolean rolledByUpkeep;
    private long activeSinceMs;

    private CommitLog(Storage storage, LogConfig config, InstantSource clock, @Nullable DirectoryLock lock) {
        this.lock = lock;
        this.storage = storage;
        this.config = config;
        this.clock = clock;
        this.reserve = new Reserve(storage, config.reserveBytes());
        this.cursors = new Cursors(storage, reserve);
        this.reset = new LogReset(storage, reserve, cursors);
        Listing listing = LogDirectory.settled(storage, reset);
        this.epochs = EpochHistory.load(storage);
        this.nextSegment = new NextSegment(storage);
        this.manifest = new Manifest(storage);
        this.compaction = new CompactionState(storage, reserve);
        try {
            long stored = storedStartOffset();
            LogRecovery recovery = new LogRecovery(storage, config, epochs, stored, compaction.gapsEndOffset());
            recovery.addTo(segments, listing, manifest);
            boolean manifestIsRight = recovery.isManifestRight();
            if (segments.isEmpty()) {
                segments.add(Segment.create(storage, stored, config, false));
            } else {
                segments.active().resumeAppends(config);
            }
            this.endOffset = Math.max(segments.active().endOffset(), stored);
            if (endOffset > segments.active().endOffset() || !recovery.isSound(segments.active())) {
                segments.active().passivate();
                segments.add(Segment.create(storage, endOffset, config, false));
                manifestIsRight = false;
            }
            storage.force();
            if (!manifestIsRight) {
                manifest.save(segments.all());
            }
            this.startOffset = Math.max(stored, segments.first().baseOffset());
            this.durability = new Durability(endOffset, () -> endOffset, this::force);
            this.activeSinceMs = search.firstTimestampMs(segments.active()).orElse(clock.millis());
            this.recoveryReport = recovery.report();
            storage.delete(LogFiles.CLEAN_CLOSE);
            reserve.write(() -> epochs.truncateTo(Math.max(endOffset, 1)));
            reserve.restore();
            compaction.forgetFrom(endOffset);
        } catch (RuntimeException e) {
            retireAfter(e);
            throw e;
        }
        config.listener().onRecovery(recoveryReport);
    }

    /**
     * Opens the log in a directory, creating it when it does not exist, and recovers it when it was not closed. The directory is the
     * log's alone until it is closed.
     *
     * @param directory the log's directory
     * @param config how the log behaves
     * @return the open log
     * @throws DirectoryInUseException when the log is open already, in this process or in another
     * @throws StorageException when the directory cannot be read or written
     */
    public static CommitLog open(Path directory, LogConfig config) {
        ChannelStorage storage = ChannelStorage.open(directory);
        DirectoryLock lock = DirectoryLock.take(directory);
        try {
            return new CommitLog(storage, config, InstantSource.system(), lock);
        } catch (RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    /**
     * Opens the log in a storage, which the caller keeps others out of; see {@link #open(Path, LogConfig)}.
     *
     * @param storage the log's files
     * @param config how the log behaves
     * @return the open log
     */
    public static CommitLog open(Storage storage, LogConfig config) {
        return open(storage, config, InstantSource.system());
    }

    /**
     * Opens the log in a storage with a clock of the caller's; it decides when a segment is old enough to be rolled.
     *
     * @param storage the log's files
     * @param config how the log behaves
     * @param clock tells the time
     * @return the open log
     */
    public static CommitLog open(Storage storage, LogConfig config, InstantSource clock) {
        return new CommitLog(storage, config, clock, null);
    }

    private void retireAfter(RuntimeException reason) {
        try {
            segments.retire();
        } catch (StorageException e) {
            reason.addSuppressed(e);
        }
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
        int sizeBytes = batches.remaining();
        long baseOffset = appendUnlessItMustWait(batches, epoch);
        while (baseOffset < 0) {
            relieve(sizeBytes);
            baseOffset = appendUnlessItMustWait(batches, epoch);
        }
        arrivals.signal();
        if (endOffset - durability.flushedOffset() >= config.flushPolicy().everyRecords()) {
            flush();
        }
        return baseOffset;
    }

    /** Returns the base offset, or -1 when the disk must first be relieved, without the lock. */
    private long appendUnlessItMustWait(ByteBuffer batches, int epoch) {
        long baseOffset;
        Segment before;
        Segment active;
        synchronized (appendLock) {
            requireWritable();
            before = segments.active();
            if (mustWaitForDisk(before, batches.remaining())) {
                return -1;
            }
            baseOffset = endOffset;
            active = appendLocked(batches, epoch);
        }
        if (active != before) {
            config.listener().onRoll(active.baseOffset());
        }
        return baseOffset;
    }

    /**
     * Appends one record without a key in a batch of its own; see {@link #append(ByteBuffer, int)}.
     *
     * @param value the record's value
     * @return the base offset of the batch
     */
    public long append(byte[] value) {
        return append(new BatchBuilder().add((byte[]) null, value));
    }

    /**
     * Appends what the builder has gathered, in the latest epoch; see {@link #append(ByteBuffer, int)}.
     *
     * @param batch the records; the builder is not changed
     * @return the base offset of the batch
     */
    public long append(BatchBuilder batch) {
        return append(batch.build(), Math.max(0, epochs.latest()));
    }

    /** Whether an append of this length would let more be read again after a crash than is allowed. */
    private boolean mustWaitForDisk(Segment active, int appendBytes) {
        return isFull(active, appendBytes) ? isRollHeldUp() : active.sizeBytes() + appendBytes > active.recoveryLimit();
    }

    /**
     * A segment must be durable before the next one gets its first batch: what is found after a loss of power is then always a
     * beginning of what was appended.
     */
    private boolean isRollHeldUp() {
        return segments.hasUnsealed() || durability.flushedOffset() < endOffset;
    }

    private void relieve(int appendBytes) {
        sealRolled();
        Segment active = segments.active();
        if (isFull(active, appendBytes)) {
            guarded(() -> durability.flush());
        } else if (active.sizeBytes() + appendBytes > active.recoveryLimit()) {
            checkpoint(appendBytes);
        }
    }

    @GuardedBy("appendLock")
    private Segment appendLocked(ByteBuffer batches, int epoch) {
        if (epoch < epochs.latest()) {
            throw new FencedEpochException(epoch, epochs.latest());
        }
        long baseOffset = endOffset;
        long nextOffset = assign(batches, baseOffset, epoch);
        try {
            rollIfNeeded(batches.remaining(), nextOffset);
            if (epoch > epochs.latest()) {
                epochs.begin(epoch, baseOffset);
            }
            Segment active = segments.active();
            active.append(batches);
            endOffset = nextOffset;
            return active;
        } catch (OutOfSpaceException e) {
            undo();
            throw e;
        } catch (StorageException e) {
            throw failed(e);
        }
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

    @GuardedBy("appendLock")
    private void rollIfNeeded(int appendBytes, long nextOffset) {
        Segment active = segments.active();
        if (active.isEmpty()) {
            activeSinceMs = clock.millis();
            return;
        }
        boolean full = isFull(active, appendBytes) || nextOffset - active.baseOffset() > Integer.MAX_VALUE;
        if (full) {
            roll();
        } else if (!rolledByUpkeep && isAged(clock.millis())) {
            forceAndRoll();
        }
    }

    @GuardedBy("appendLock")
    private void forceAndRoll() {
        segments.active().force();
        roll();
    }

    @GuardedBy("appendLock")
    private boolean isAged(long nowMs) {
        return !segments.active().isEmpty() && nowMs - activeSinceMs >= config.segmentAgeMs();
    }

    /**
     * Rolls the active segment when it is old enough, also when nothing is appended; whether it was. From the first call on appends do
     * not look at the clock, which would be a good part of what they cost.
     */
    boolean rollWhenAged(long nowMs) {
        rolledByUpkeep = true;
        synchronized (upkeepLock) {
            synchronized (appendLock) {
                if (closed || failure != null || segments.hasUnsealed() || !isAged(nowMs)) {
                    return false;
                }
            }
            guarded(() -> durability.flush());
            synchronized (appendLock) {
                if (segments.hasUnsealed() || !isAged(nowMs)) {
                    return false;
                }
                try {
                    // What was appended since is little.
                    forceAndRoll();
                } catch (OutOfSpaceException e) {
                    throw e;
                } catch (StorageException e) {
                    throw failed(e);
                }
            }
        }
        config.listener().onRoll(segments.active().baseOffset());
        return true;
    }

    private boolean isFull(Segment active, int appendBytes) {
        return !active.isEmpty()
                && active.sizeBytes() + appendBytes > Math.min(config.segmentBytes(), Segment.MAX_BYTES);
    }

    @GuardedBy("appendLock")
    private void roll() {
        directoryChanged = true;
        segments.add(nextSegment.create(endOffset, config));
        activeSinceMs = clock.millis();
    }

    /** Seals the segments that were rolled; returns how many there were. */
    int sealRolled() {
        int sealedCount = 0;
        synchronized (upkeepLock) {
            if (closed || !segments.hasUnsealed()) {
                return 0;
            }
            guarded(() -> durability.flush());
            for (Segment segment : segments.all()) {
                if (segment != segments.active() && segment.isActivated()) {
                    guarded(() -> {
                        epochs.force();
                        segment.seal();
                    });
                    segment.passivate();
                    // Not left to rest: of a log that is only appended to nobody will come to read it.
                    guarded(segment::letGo);
                    sealedCount++;
                }
            }
            guarded(() -> manifest.save(segments.all()));
        }
        return sealedCount;
    }

    /** Makes all durable and says so in the index file, so that it is not read again after a crash. */
    void checkpoint(int appendBytes) {
        synchronized (upkeepLock) {
            if (closed) {
                return;
            }
            Segment active;
            SegmentSummary summary;
            int entryCount;
            synchronized (appendLock) {
                active = segments.active();
                summary = active.summary(Math.max(config.recoveryBytes() / 2, appendBytes));
                entryCount = active.indexEntryCount();
            }
            guarded(() -> {
                durability.flush();
                epochs.force();
                active.checkpoint(summary, entryCount);
            });
        }
        config.listener().onFlush(durability.flushedOffset());
    }

    /**
     * Makes a part of a file ready for the next segment; false when there is one or none is needed yet. Only a roll waits for it.
     */
    boolean prepareNext() {
        return !closed
                && failure == null
                && nextSegment.prepare(segments.active().sizeBytes(), config.segmentBytes());
    }

    /** Makes the next appends to the active segment cheap. */
    void prepareAhead() {
        synchronized (upkeepLock) {
            if (!closed && failure == null) {
                segments.active().prepareAhead();
            }
        }
    }

    /** Lets go of the files that nobody has read since the last call. */
    void rest() {
        segments.all().forEach(Segment::rest);
    }

    /** Whether more than a fraction of what may be read again after a crash has gathered. */
    boolean isCheckpointDue() {
        Segment active = segments.active();
        return active.sizeBytes() - active.checkpointBytes() >= config.recoveryBytes() / 4;
    }

    /** Sets space aside for a full disk again. */
    void restoreReserve() {
        reserve.restore();
    }

    private void force() {
        for (Segment segment : segments.from(durability.flushedOffset())) {
            if (!segment.isSealed() && segment.hold()) {
                try {
                    segment.force();
                } finally {
                    segment.release();
                }
            }
        }
        if (directoryChanged) {
            directoryChanged = false;
            storage.force();
        }
    }

    /**
     * Makes all that was appended durable. Threads that flush at the same time share the work.
     *
     * @return the first offset that is not durable
     * @throws StorageException when it fails; the log is failed from then on, because what was not durable may be lost
     */
    public long flush() {
        requireWritable();
        long before = durability.flushedOffset();
        guarded(() -> durability.flush());
        long flushedOffset = durability.flushedOffset();
        if (flushedOffset > before) {
            config.listener().onFlush(flushedOffset);
        }
        return flushedOffset;
    }

    /**
     * Waits until all below {@code offset} is durable: for as long as the {@link FlushPolicy} allows for others to do it, then by
     * flushing. This is group commit: those who wait at the same time share a flush.
     *
     * @param offset one past the last offset that must be durable
     * @return the first offset that is not durable, at least {@code offset}
     * @throws OffsetOutOfRangeException when {@code offset} is above the end of the log
     * @throws StorageException when flushing fails; see {@link #flush}
     * @throws InterruptedException when the thread is interrupted while it waits
     */
    public long awaitDurable(long offset) throws InterruptedException {
        if (offset > endOffset) {
            throw new OffsetOutOfRangeException(offset, startOffset, endOffset);
        }
        FlushPolicy policy = config.flushPolicy();
        boolean gathers = policy.everyMs() != Long.MAX_VALUE && unflushedBytes() < policy.everyBytes();
        if (gathers && durability.await(offset, TimeUnit.MILLISECONDS.toNanos(policy.everyMs()))) {
            return durability.flushedOffset();
        }
        long flushedOffset = durability.flushedOffset() >= offset ? durability.flushedOffset() : flush();
        if (flushedOffset < offset) {
            // The end was moved back meanwhile.
            throw new OffsetOutOfRangeException(offset, startOffset, endOffset);
        }
        return flushedOffset;
    }

    /**
     * Completed with the first offset that is not durable, by the thread that flushes, as soon as all below {@code offset} is durable;
     * exceptionally when a flush fails or the log is closed before. Somebody must flush: the upkeep job, or a caller of
     * {@link #flush} or {@link #awaitDurable}.
     *
     * @param offset one past the last offset that must be durable
     * @return the future, with the first offset that is not durable
     */
    public CompletableFuture<Long> whenDurable(long offset) {
        requireWritable();
        return durability.whenDurable(offset);
    }

    /** About how many bytes are not durable. */
    long unflushedBytes() {
        long flushedOffset = durability.flushedOffset();
        long bytes = 0;
        for (Segment segment : segments.from(flushedOffset)) {
            bytes += segment.endOffset() > flushedOffset ? segment.sizeBytes() - segment.forcedBytes() : 0;
        }
        return bytes;
    }

    /**
     * The job that keeps the log in shape: flushes as the {@link FlushPolicy} says, rolls a segment that is old enough, seals rolled
     * segments, writes checkpoints, prepares the next segment, applies retention, closes files that nobody reads. Stepping it is optional
     * and takes work off the appends, but who has begun goes on: appends then no longer roll by age. A
     * {@link io.varve.log.job.JobRunner} can do it. A step waits for the disk and may be made by one thread at a time.
     *
     * @return a new job
     */
    public Job upkeep() {
        return new Upkeep(this, clock);
    }

    /**
     * The job that compacts the log to the last record of each key, as {@link LogConfig#compaction} says and {@code owner} allows;
     * nothing is compacted unless it is stepped. The active segment is never compacted, nor what is not durable. A step moves about a
     * mebibyte of log files. One thread at a time may step it, and there must be one such job for a log.
     *
     * <p>Offsets never change; those of removed records are missing from then on. A batch that cannot be read stops the compaction
     * of this log, see {@link #compactionStopReason}, and nothing else.
     *
     * @param owner asked what may be removed, by the thread that steps the job
     * @return a new job
     */
    public Job compaction(CompactionOwner owner) {
        return new CompactionJob(this, storage, clock, owner, compactionLock);
    }

    /** {@return whether a compaction has begun and is neither complete nor dropped; it uses the memory that its policy allows} */
    public boolean isCompacting() {
        return compaction.isRunning();
    }

    /** {@return the offset below which, exclusive, no key has two records} */
    public long compactedOffset() {
        return compaction.compactedOffset();
    }

    /**
     * {@return why compaction does not go on, empty when it does} It begins again when the log is opened again or gets another
     * policy.
     */
    public Optional<String> compactionStopReason() {
        return Optional.ofNullable(compaction.stopReason());
    }

    CompactionState compactionState() {
        return compaction;
    }

    List<Segment> segments() {
        return segments.all();
    }

    /** Writes down how far compaction is; false when the log has been closed, truncated or has failed since. */
    boolean noteCompaction(long seenGeneration, Runnable note) {
        synchronized (upkeepLock) {
            if (closed || failure != null || generation != seenGeneration) {
                return false;
            }
            note.run();
            return true;
        }
    }

    /** Whether the first record of a segment is older than so many milliseconds. */
    boolean isOlderThan(Segment segment, long nowMs, long ageMs) {
        if (ageMs == Long.MAX_VALUE) {
            return false;
        }
        OptionalLong firstMs = search.firstTimestampMs(segment);
        return firstMs.isPresent() && firstMs.getAsLong() < nowMs - ageMs;
    }

    /**
     * Puts what compaction has left of neighbouring segments in their place; false when they are not what they were, because the log
     * was closed, truncated or cut at its start since.
     *
     * <p>Readers of the old segments read on in the old files, which are open until the last has let go.
     */
    boolean swap(List<Segment> old, Segment cleaned, long seenGeneration) {
        synchronized (upkeepLock) {
            List<Segment> all = segments.all();
            if (closed || failure != null || generation != seenGeneration || !all.containsAll(old)) {
                return false;
            }
            Segment last = old.get(old.size() - 1);
            long nextOffset = all.get(all.indexOf(last) + 1).baseOffset();
            // A segment that is opened by name from here on would find the file of another.
            try {
                for (Segment segment : old) {
                    segment.pin();
                    pinned.add(segment);
                }
                manifest.drop();
                SegmentSwap.replace(storage, cleaned.baseOffset(), nextOffset);
                cleaned.saveKafkaIndexes();
                Segment next = Segment.existing(storage, cleaned.baseOffset(), config.indexIntervalBytes());
                if (!next.adopt(cleaned.sizeBytes())) {
                    String message = "the index of a compacted segment cannot be read back: file=" + cleaned.name();
                    throw new StorageException(message, new IOException(message));
                }
                synchronized (appendLock) {
                    segments.replace(old, next);
                }
            } catch (StorageException e) {
                // Half done: only opening the log again can tell. The pins stay, so that readers go on with the old
                // files.
                throw failed(e);
            }
            old.forEach(Segment::retire);
            unpin();
            guarded(() -> manifest.save(segments.all()));
            return true;
        }
    }

    /**
     * A reader from {@code offset} on.
     *
     * @param offset where the reader begins
     * @return the reader
     * @throws OffsetOutOfRangeException when the offset is below the start or above the end of the log
     */
    public LogReader readerAt(long offset) {
        requireInRange(offset);
        return new LogReader(this, offset);
    }

    /**
     * {@return a reader from the first record on whose timestamp is at or after a time, or from the end of the log}
     *
     * @param timestampMs milliseconds since the epoch
     */
    public LogReader readerAtTime(long timestampMs) {
        return new LogReader(
                this, firstAtOrAfter(timestampMs).map(TimestampedOffset::offset).orElse(endOffset));
    }

    /** Waits until the log ends beyond an offset; whether it does. */
    boolean awaitEnd(long offset, long nanos) throws InterruptedException {
        return arrivals.await(() -> closed || endOffset > offset, nanos) && endOffset > offset;
    }

    /** Changes before and after the end is moved back; odd in between. */
    long generation() {
        return generation;
    }

    /** Whether the end was being moved back at that generation or has been since: what was read meanwhile proves nothing. */
    boolean hasChangedSince(long generation) {
        requireOpen();
        return (generation & 1) == 1 || this.generation != generation;
    }

    /** Reads again when the end was moved back meanwhile and what stood there looks damaged. */
    private <T> T undisturbed(Supplier<T> read) {
        while (true) {
            long seen = generation;
            try {
                return read.get();
            } catch (CorruptLogException e) {
                if (!hasChangedSince(seen)) {
                    throw e;
                }
            }
        }
    }

    /**
     * The batches from the one that holds {@code offset} on, as a range of one segment's file.
     *
     * @param offset first offset wanted
     * @param endOffset batches end at or before this offset, exclusive
     * @param maxBytes length that the slice does not exceed, except that the first batch is always whole
     * @return the slice, which the caller closes; empty when there is nothing at the offset yet
     * @throws OffsetOutOfRangeException when the offset is below the start or above the end of the log
     * @throws CorruptLogException when the bytes there are damaged
     */
    public LogSlice slice(long offset, long endOffset, int maxBytes) {
        return undisturbed(() -> sliceNow(offset, endOffset, maxBytes));
    }

    private LogSlice sliceNow(long offset, long endOffset, int maxBytes) {
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
                // The start moves before segments go: what was found may be what stood behind those that are gone.
                if (at >= startOffset && at <= endOffset) {
                    return segment;
                }
                segment.release();
            }
        }
    }

    /** Throws when the offset cannot be read, whatever the reason. */
    void requireInRange(long offset) {
        requireOpen();
        if (offset < startOffset || offset > endOffset) {
            throw new OffsetOutOfRangeException(offset, startOffset, endOffset);
        }
    }

    /**
     * {@return the first record whose timestamp is at or after a time, and that can be read}
     *
     * @param timestampMs milliseconds since the epoch
     */
    public Optional<TimestampedOffset> firstAtOrAfter(long timestampMs) {
        return undisturbed(() -> search.firstAtOrAfter(timestampMs));
    }

    /** {@return the first record with the largest timestamp of all that can be read} */
    public Optional<TimestampedOffset> maxTimestamp() {
        return undisturbed(search::maxTimestamp);
    }

    /** {@return first offset that can be read} */
    public long startOffset() {
        return startOffset;
    }

    /** {@return offset that the next record will get} */
    public long endOffset() {
        return endOffset;
    }

    /** {@return first offset that is not durable} */
    public long flushedOffset() {
        return durability.flushedOffset();
    }

    /** {@return length of all log files in bytes} */
    public long sizeBytes() {
        return segments.all().stream().mapToLong(Segment::sizeBytes).sum();
    }

    /** {@return number of segments, the active one included} */
    public int segmentCount() {
        return segments.all().size();
    }

    /** {@return the latest epoch that appended, -1 when there is none} */
    public int epoch() {
        return epochs.latest();
    }

    /**
     * {@return the epoch in which the record at an offset was appended, -1 when unknown}
     *
     * @param offset offset of the record
     */
    public int epochAt(long offset) {
        return epochs.epochAt(offset);
    }

    /**
     * Where an epoch ended: the largest known epoch not above the one asked for, and the first offset that is not of it. Both are -1
     * when the log knows no epoch that late. Source: KIP-101, KIP-279.
     *
     * @param epoch the epoch asked for
     * @return epoch and offset
     */
    public OffsetAndEpoch endOffsetOf(int epoch) {
        return epochs.endOffsetOf(epoch, endOffset);
    }

    /**
     * Makes {@code offset} the start of the log and deletes the segments that end at or before it. Does nothing when the log starts
     * there or later already.
     *
     * @param offset the new start
     * @throws OffsetOutOfRangeException when the offset is above the end
     */
    public void deleteBefore(long offset) {
        List<Segment> gone;
        synchronized (deletionLock) {
            gone = removeBefore(offset);
            deleteFiles(gone);
        }
        tellOfDeletion(gone);
    }

    /** Takes the segments that end at or before an offset out of the log; returns them. */
    private List<Segment> removeBefore(long offset) {
        List<Segment> gone = new ArrayList<>();
        synchronized (upkeepLock) {
            requireWritable();
            if (offset > endOffset) {
                throw new OffsetOutOfRangeException(offset, startOffset, endOffset);
            }
            if (offset <= startOffset) {
                return gone;
            }
            guarded(() -> {
                reserve.write(() -> LogFiles.replace(storage, LogFiles.START_OFFSET, offset + "\n", true));
                startOffset = offset;
                synchronized (appendLock) {
                    for (Segment segment : segments.all()) {
                        if (segment == segments.active() || segment.endOffset() > offset) {
                            break;
                        }
                        segments.remove(segment);
                        gone.add(segment);
                    }
                }
            });
        }
        return gone;
    }

    /** Without the lock of upkeep: a file system may take its time, and a roll may wait for that lock. */
    private void deleteFiles(List<Segment> gone) {
        if (!gone.isEmpty()) {
            guarded(() -> gone.forEach(Segment::delete));
        }
    }

    private void tellOfDeletion(List<Segment> gone) {
        if (!gone.isEmpty()) {
            config.listener().onDelete(startOffset);
        }
    }

    /**
     * Makes {@code offset} the end of the log: removes the batches that hold it or later ones. A batch that begins before it and ends
     * after it is removed whole, so the end may come to lie before {@code offset},
     * though never before the start. It is durable when this returns.
     *
     * @param offset the new end, exclusive
     * @throws OffsetOutOfRangeException when the offset is below the start
     */
    public void truncateTo(long offset) {
        synchronized (upkeepLock) {
            requireWritable();
            if (offset < startOffset) {
                throw new OffsetOutOfRangeException(offset, startOffset, endOffset);
            }
            if (offset >= endOffset) {
                return;
            }
            provedToBeWhole(segments.floor(offset));
            guarded(() -> durability.exclusively(() -> {
                // New records will come to stand there.
                compaction.forgetFrom(segments.floor(offset).baseOffset());
                synchronized (appendLock) {
                    generation++;
                    try {
                        truncateLocked(offset);
                    } finally {
                        generation++;
                    }
                }
            }));
        }
    }

    /** The segment that a truncation is to cut is looked at before anything is removed. */
    private static void provedToBeWhole(Segment segment) {
        if (segment.hold()) {
            segment.release();
        }
    }

    @GuardedBy("appendLock")
    private void truncateLocked(long offset) {
        boolean reachesSealed = segments.active().baseOffset() > offset;
        if (reachesSealed) {
            // It must not speak of segments whose names others will have.
            manifest.drop();
            storage.force();
        }
        while (segments.active().baseOffset() > offset) {
            Segment last = segments.active();
            if (segments.all().size() == 1) {
                segments.add(Segment.create(storage, offset, config, false));
            }
            segments.remove(last);
            last.delete();
            segments.active().activate(config.recoveryBytes());
        }
        // Nobody must find an end beyond what is there.
        long kept = Math.min(endOffset, offset);
        endOffset = Math.max(startOffset, kept);
        segments.active().truncateTo(offset);
        endOffset = Math.max(startOffset, segments.active().endOffset());
        if (endOffset > segments.active().endOffset()) {
            roll();
        }
        // What was cut off must not come back: others may stand in its place elsewhere.
        segments.active().force();
        storage.force();
        reserve.write(() -> epochs.truncateTo(endOffset));
        if (reachesSealed) {
            manifest.save(segments.all());
        }
    }

    /**
     * Drops all that the log holds and starts it anew, empty, at an offset, which may lie anywhere, above the end too: for a replica
     * whose leader no longer has the offsets that it lacks. Start, end and flushed offset are {@code offset} then, no epoch is known,
     * cursors beyond {@code offset} are moved back to it. It is durable when this returns; a crash leaves the old log or the new one.
     * Readers at other offsets are told by an {@link OffsetOutOfRangeException}, those who wait for durability by an
     * {@link IllegalStateException}. Source: what Kafka calls truncating fully.
     *
     * @param offset the new start and end, from 0 to 10^18, exclusive
     * @throws IllegalArgumentException when {@code offset} is out of these bounds
     * @throws OutOfSpaceException when the disk is full; nothing has happened
     * @throws StorageException when it fails; the log is failed from then on, and is the old or the new one when it is opened again
     */
    public void resetTo(long offset) {
        if (offset < 0 || offset > LogReset.LARGEST_OFFSET) {
            throw new IllegalArgumentException(
                    "no log can start there: offset=" + offset + ", smallest=0, largest=" + LogReset.LARGEST_OFFSET);
        }
        synchronized (deletionLock) {
            synchronized (upkeepLock) {
                requireWritable();
                guarded(() -> reset.begin(offset));
                try {
                    durability.restart(offset, () -> {
                        synchronized (appendLock) {
                            generation++;
                            try {
                                resetLocked(offset);
                            } finally {
                                generation++;
                            }
                        }
                    });
                } catch (StorageException e) {
                    // A full disk is no exception: there is no way back.
                    throw failed(e);
                }
            }
        }
        arrivals.signal();
        config.listener().onDelete(offset);
    }

    @GuardedBy("appendLock")
    private void resetLocked(long offset) {
        // In this order nobody finds an offset whose segment is gone.
        endOffset = offset;
        startOffset = offset;
        // Readers find nothing in it until the new segment can have its name.
        Segment placeholder = Segment.existing(storage, offset, config.indexIntervalBytes());
        segments.restart(placeholder).forEach(Segment::delete);
        epochs.forget();
        compaction.forget();
        reset.finish(offset);
        segments.restart(nextSegment.create(offset, config));
        activeSinceMs = clock.millis();
    }

    /**
     * Deletes the segments that the configured {@link RetentionPolicy} no longer keeps.
     *
     * @param nowMs wall-clock time in milliseconds since the epoch
     * @return number of segments deleted
     */
    public int applyRetention(long nowMs) {
        List<Segment> gone;
        synchronized (deletionLock) {
            synchronized (upkeepLock) {
                requireWritable();
                gone = removeExpired(nowMs);
            }
            deleteFiles(gone);
        }
        tellOfDeletion(gone);
        return gone.size();
    }

    private List<Segment> removeExpired(long nowMs) {
        long keepFrom = Expiry.expiredBefore(segments.all(), config.retention(), nowMs);
        if (keepFrom == Expiry.NOTHING) {
            return List.of();
        }
        if (keepFrom == endOffset && !segments.active().isEmpty()) {
            guarded(() -> {
                synchronized (appendLock) {
                    forceAndRoll();
                }
            });
        }
        return removeBefore(keepFrom);
    }

    /**
     * Changes the configuration; index intervals hold from the next segment on.
     *
     * @param config how the log behaves
     */
    public void reconfigure(LogConfig config) {
        this.config = config;
    }

    /** {@return what opening the log found and did} */
    public RecoveryReport recoveryReport() {
        return recoveryReport;
    }

    LogConfig config() {
        return config;
    }

    boolean isClosed() {
        return closed;
    }

    /** {@return whether a write or flush failed, so that the log refuses what would change it} */
    public boolean isFailed() {
        return failure != null;
    }

    /**
     * {@return the position that was last committed under a name, -1 when none was}. See {@link #commitCursor}.
     *
     * @param name the name of the cursor
     */
    public long cursor(String name) {
        requireOpen();
        return cursors.position(name);
    }

    /**
     * Keeps a position under a name, durably and atomically: after a crash it is the old or the new one. For a consumer that resumes
     * where it was. At most {@value Cursors#MAX_CURSORS} names.
     *
     * @param name 1 to {@value Cursors#MAX_NAME_CHARS} letters, digits, dots, underscores and hyphens
     * @param position 0 or more; whether the log holds it is the caller's business
     * @throws IllegalArgumentException when name or position are out of these bounds
     */
    public void commitCursor(String name, long position) {
        requireWritable();
        guarded(() -> cursors.commit(name, position));
    }

    /**
     * Forgets a name; does nothing when there is none.
     *
     * @param name the name of the cursor
     */
    public void deleteCursor(String name) {
        requireWritable();
        guarded(() -> cursors.delete(name));
    }

    /** {@return the names under which positions are kept} */
    public Set<String> cursors() {
        requireOpen();
        return cursors.names();
    }

    /**
     * Flushes, writes the index of the active segment and marks the log as closed, so that the next opening reads nothing again. A
     * failed log is only let go of. Those who wait are told by an {@link IllegalStateException}. Idempotent.
     */
    @Override
    public void close() {
        synchronized (compactionLock) {
            synchronized (deletionLock) {
                synchronized (upkeepLock) {
                    closeLocked();
                }
            }
        }
    }

    @GuardedBy("upkeepLock")
    private void closeLocked() {
        synchronized (appendLock) {
            if (closed) {
                return;
            }
            closed = true;
        }
        arrivals.signal();
        try {
            if (failure == null) {
                guarded(this::sealAll);
            }
        } finally {
            durability.fail(new IllegalStateException("the log is closed: storage=" + storage));
            letGo();
        }
    }

    @GuardedBy("upkeepLock")
    private void unpin() {
        pinned.forEach(Segment::release);
        pinned.clear();
    }

    @GuardedBy("upkeepLock")
    private void letGo() {
        try {
            unpin();
            segments.retire();
        } finally {
            DirectoryLock held = lock;
            if (held != null) {
                held.close();
            }
        }
    }

    private void sealAll() {
        durability.flush();
        epochs.force();
        boolean rolled = segments.hasUnsealed();
        for (Segment segment : segments.all()) {
            if (segment.isActivated()) {
                segment.seal();
            }
        }
        nextSegment.delete();
        if (rolled || manifest.isDistrusted()) {
            manifest.save(segments.all());
        }
        reserve.write(() -> LogFiles.replace(storage, LogFiles.CLEAN_CLOSE, endOffset + "\n", true));
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the log is closed: storage=" + storage);
        }
    }

    private void requireWritable() {
        requireOpen();
        StorageException earlier = failure;
        if (earlier != null) {
            String message = "the log has failed and must be opened again: storage=" + storage;
            throw new StorageException(message, new IOException(earlier));
        }
    }

    /** Runs what changes files: a full disk may have room later, any other failure is remembered. */
    private void guarded(Runnable change) {
        try {
            change.run();
        } catch (OutOfSpaceException e) {
            throw e;
        } catch (StorageException e) {
            throw failed(e);
        }
    }

    private StorageException failed(StorageException reason) {
        if (failure == null) {
            failure = reason;
        }
        durability.fail(reason);
        return reason;
    }

    private void undo() {
        try {
            segments.active().cutBack();
        } catch (StorageException e) {
            failure = e;
        }
    }
}
