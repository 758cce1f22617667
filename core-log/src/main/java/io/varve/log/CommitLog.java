// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.job.Job;
import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.DirectoryInUseException;
import io.varve.log.storage.DirectoryLock;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
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

    // What is done stands in the classes below, a noun each; the locks that they share, and their order, in LogState.
    private final LogState log;
    private final LogParts parts;
    private final LogView view;
    private final LogSearch search;
    private final LogFlusher flusher;
    private final LogAppender appender;
    private final LogDeletion deletion;
    private final LogTruncation truncation;
    private final CompactedSegments compacted;
    private final RecoveryReport recoveryReport;
    private final @Nullable DirectoryLock lock;

    private CommitLog(LogOpening opening, @Nullable DirectoryLock lock) {
        this.lock = lock;
        this.log = opening.state();
        this.parts = opening.parts();
        this.view = new LogView(log, parts.segments());
        this.search = new LogSearch(log, parts.segments());
        this.flusher = new LogFlusher(log, parts);
        this.appender = new LogAppender(log, parts, flusher);
        this.deletion = new LogDeletion(log, parts, appender);
        this.truncation = new LogTruncation(log, parts);
        this.compacted = new CompactedSegments(log, parts);
        this.recoveryReport = opening.report();
        log.config().listener().onRecovery(recoveryReport);
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
            return new CommitLog(new LogOpening(storage, config, InstantSource.system()), lock);
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
        return new CommitLog(new LogOpening(storage, config, clock), null);
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
        return appender.append(batches, epoch);
    }

    /**
     * Appends whole batches as the log of a leader has them: offsets and leader epochs stay. Between two of them offsets may be missing,
     * as compaction leaves them.
     *
     * <p>All batches are appended or none. The largest size that is configured does not hold here: the leader has accepted them.
     *
     * @param batches one or more batches from position to limit; the position is moved to the limit
     * @return the end of the log before, which is the base offset of the first batch or before it
     * @throws InvalidBatchException when one of the batches is invalid, or begins before the end of what precedes it
     * @throws FencedEpochException when a batch is of an earlier epoch than what precedes it
     * @throws OutOfSpaceException when the disk is full; nothing was appended
     * @throws StorageException when writing fails; the log is failed from then on
     */
    public long appendAsFollower(ByteBuffer batches) {
        return appender.appendAsFollower(batches);
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
        return append(batch.build(), Math.max(0, epoch()));
    }

    /**
     * Makes all that was appended durable. Threads that flush at the same time share the work.
     *
     * @return the first offset that is not durable
     * @throws StorageException when it fails; the log is failed from then on, because what was not durable may be lost
     */
    public long flush() {
        return flusher.flush();
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
        return flusher.awaitDurable(offset);
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
        return flusher.whenDurable(offset);
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
        return new Upkeep(log, parts, flusher, appender, deletion);
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
        return new CompactionJob(log, parts, flusher, compacted, owner);
    }

    /** {@return whether a compaction has begun and is neither complete nor dropped; it uses the memory that its policy allows} */
    public boolean isCompacting() {
        return parts.compaction().isRunning();
    }

    /** {@return the offset below which, exclusive, no key has two records} */
    public long compactedOffset() {
        return parts.compaction().compactedOffset();
    }

    /**
     * {@return why compaction does not go on, empty when it does} It begins again when the log is opened again or gets another
     * policy.
     */
    public Optional<String> compactionStopReason() {
        return Optional.ofNullable(parts.compaction().stopReason());
    }

    /**
     * A reader from {@code offset} on.
     *
     * @param offset where the reader begins
     * @return the reader
     * @throws OffsetOutOfRangeException when the offset is below the start or above the end of the log
     */
    public LogReader readerAt(long offset) {
        view.requireInRange(offset);
        return new LogReader(view, offset);
    }

    /**
     * {@return a reader from the first record on whose timestamp is at or after a time, or from the end of the log}
     *
     * @param timestampMs milliseconds since the epoch
     */
    public LogReader readerAtTime(long timestampMs) {
        return new LogReader(
                view, firstAtOrAfter(timestampMs).map(TimestampedOffset::offset).orElse(endOffset()));
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
        return view.slice(offset, endOffset, maxBytes);
    }

    /**
     * {@return the first record whose timestamp is at or after a time, and that can be read}
     *
     * @param timestampMs milliseconds since the epoch
     */
    public Optional<TimestampedOffset> firstAtOrAfter(long timestampMs) {
        return view.undisturbed(() -> search.firstAtOrAfter(timestampMs));
    }

    /** {@return the first record with the largest timestamp of all that can be read} */
    public Optional<TimestampedOffset> maxTimestamp() {
        return view.undisturbed(search::maxTimestamp);
    }

    /** {@return first offset that can be read} */
    public long startOffset() {
        return log.startOffset();
    }

    /** {@return offset that the next record will get} */
    public long endOffset() {
        return log.endOffset();
    }

    /** {@return first offset that is not durable} */
    public long flushedOffset() {
        return log.flushedOffset();
    }

    /** {@return length of all log files in bytes} */
    public long sizeBytes() {
        return parts.segments().all().stream().mapToLong(Segment::sizeBytes).sum();
    }

    /** {@return number of segments, the active one included} */
    public int segmentCount() {
        return parts.segments().all().size();
    }

    /** {@return the latest epoch that appended, -1 when there is none} */
    public int epoch() {
        return parts.epochs().latest();
    }

    /**
     * {@return the epoch in which the record at an offset was appended, -1 when unknown}
     *
     * @param offset offset of the record
     */
    public int epochAt(long offset) {
        return parts.epochs().epochAt(offset);
    }

    /**
     * Where an epoch ended: the largest known epoch not above the one asked for, and the first offset that is not of it. Both are -1
     * when the log knows no epoch that late. Source: KIP-101, KIP-279.
     *
     * @param epoch the epoch asked for
     * @return epoch and offset
     */
    public OffsetAndEpoch endOffsetOf(int epoch) {
        return parts.epochs().endOffsetOf(epoch, endOffset());
    }

    /**
     * Makes {@code offset} the start of the log and deletes the segments that end at or before it. Does nothing when the log starts
     * there or later already.
     *
     * @param offset the new start
     * @throws OffsetOutOfRangeException when the offset is above the end
     */
    public void deleteBefore(long offset) {
        deletion.deleteBefore(offset);
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
        truncation.truncateTo(offset);
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
        truncation.resetTo(offset);
    }

    /**
     * Deletes the segments that the configured {@link RetentionPolicy} no longer keeps.
     *
     * @param nowMs wall-clock time in milliseconds since the epoch
     * @return number of segments deleted
     */
    public int applyRetention(long nowMs) {
        return deletion.applyRetention(nowMs);
    }

    /**
     * Changes the configuration; index intervals hold from the next segment on.
     *
     * @param config how the log behaves
     */
    public void reconfigure(LogConfig config) {
        log.reconfigure(config);
    }

    /** {@return what opening the log found and did} */
    public RecoveryReport recoveryReport() {
        return recoveryReport;
    }

    /** {@return whether a write or flush failed, so that the log refuses what would change it} */
    public boolean isFailed() {
        return log.isFailed();
    }

    /**
     * {@return the position that was last committed under a name, -1 when none was}. See {@link #commitCursor}.
     *
     * @param name the name of the cursor
     */
    public long cursor(String name) {
        log.requireOpen();
        return parts.cursors().position(name);
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
        log.requireWritable();
        log.guarded(() -> parts.cursors().commit(name, position));
    }

    /**
     * Forgets a name; does nothing when there is none.
     *
     * @param name the name of the cursor
     */
    public void deleteCursor(String name) {
        log.requireWritable();
        log.guarded(() -> parts.cursors().delete(name));
    }

    /** {@return the names under which positions are kept} */
    public Set<String> cursors() {
        log.requireOpen();
        return parts.cursors().names();
    }

    /**
     * Flushes, writes the index of the active segment and marks the log as closed, so that the next opening reads nothing again. A
     * failed log is only let go of. Those who wait are told by an {@link IllegalStateException}. Idempotent.
     */
    @Override
    public void close() {
        synchronized (log.compactionLock) {
            synchronized (log.deletionLock) {
                synchronized (log.upkeepLock) {
                    if (log.close()) {
                        closeFiles();
                    }
                }
            }
        }
    }

    private void closeFiles() {
        log.arrivals().signal();
        try {
            if (!log.isFailed()) {
                log.guarded(flusher::sealAll);
            }
        } finally {
            log.durability().fail(new IllegalStateException("the log is closed: storage=" + parts.storage()));
            letGo();
        }
    }

    private void letGo() {
        try {
            compacted.unpin();
            parts.segments().retire();
        } finally {
            DirectoryLock held = lock;
            if (held != null) {
                held.close();
            }
        }
    }

    // What the tests of this package look into.

    int sealRolled() {
        return flusher.sealRolled();
    }

    void rest() {
        parts.segments().rest();
    }

    void restoreReserve() {
        parts.reserve().restore();
    }

    long generation() {
        return log.generation();
    }

    boolean hasChangedSince(long seenGeneration) {
        return log.hasChangedSince(seenGeneration);
    }
}
