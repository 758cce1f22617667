// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.StorageException;
import java.nio.ByteBuffer;

/**
 * Appends to a log: checks and numbers batches, writes them, and rolls the active segment when it is full or old enough.
 *
 * <p>Threading: safe; appends take turns in the append lock.
 */
final class LogAppender {

    /** In the place of an epoch: batches keep the offsets and epochs that they have. */
    private static final int AS_THEY_ARE = -1;

    private final LogState log;
    private final Segments segments;
    private final EpochHistory epochs;
    private final NextSegment nextSegment;
    private final CompactionState compaction;
    private final Reserve reserve;
    private final LogFlusher flusher;

    private volatile boolean rolledByUpkeep;

    LogAppender(LogState log, LogParts parts, LogFlusher flusher) {
        this.log = log;
        this.segments = parts.segments();
        this.epochs = parts.epochs();
        this.nextSegment = parts.nextSegment();
        this.compaction = parts.compaction();
        this.reserve = parts.reserve();
        this.flusher = flusher;
    }

    /** See {@link CommitLog#append(ByteBuffer, int)}. */
    long append(ByteBuffer batches, int epoch) {
        if (epoch < 0) {
            throw new IllegalArgumentException("no leader's epoch: epoch=" + epoch + ", smallest=0");
        }
        return appendAll(batches, epoch);
    }

    /** See {@link CommitLog#appendAsFollower}. */
    long appendAsFollower(ByteBuffer batches) {
        return appendAll(batches, AS_THEY_ARE);
    }

    private long appendAll(ByteBuffer batches, int epoch) {
        int sizeBytes = batches.remaining();
        long baseOffset = appendUnlessItMustWait(batches, epoch);
        while (baseOffset < 0) {
            relieve(sizeBytes);
            baseOffset = appendUnlessItMustWait(batches, epoch);
        }
        log.arrivals().signal();
        if (log.endOffset() - log.flushedOffset() >= log.config().flushPolicy().everyRecords()) {
            flusher.flush();
        }
        return baseOffset;
    }

    /** Returns the base offset, or -1 when the disk must first be relieved, without the lock. */
    private long appendUnlessItMustWait(ByteBuffer batches, int epoch) {
        long baseOffset;
        Segment before;
        Segment active;
        synchronized (log.appendLock) {
            log.requireWritable();
            before = segments.active();
            if (mustWaitForDisk(before, batches.remaining())) {
                return -1;
            }
            baseOffset = log.endOffset();
            active = appendLocked(batches, epoch);
        }
        if (active != before) {
            log.config().listener().onRoll(active.baseOffset());
        }
        return baseOffset;
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
        return segments.hasUnsealed() || log.flushedOffset() < log.endOffset();
    }

    private void relieve(int appendBytes) {
        flusher.sealRolled();
        Segment active = segments.active();
        if (isFull(active, appendBytes)) {
            log.guarded(() -> log.durability().flush());
        } else if (active.sizeBytes() + appendBytes > active.recoveryLimit()) {
            flusher.checkpoint(appendBytes);
        }
    }

    @GuardedBy("log.appendLock")
    private Segment appendLocked(ByteBuffer batches, int epoch) {
        long baseOffset = log.endOffset();
        long nextOffset =
                epoch == AS_THEY_ARE ? requireContinued(batches, baseOffset) : assign(batches, baseOffset, epoch);
        try {
            rollIfNeeded(batches.remaining(), nextOffset);
            if (epoch == AS_THEY_ARE) {
                beginEpochs(batches);
                noteGaps(batches, baseOffset, nextOffset);
            } else if (epoch > epochs.latest()) {
                epochs.begin(epoch, baseOffset);
            }
            Segment active = segments.active();
            active.append(batches);
            log.endOffset(nextOffset);
            return active;
        } catch (OutOfSpaceException e) {
            undo();
            throw e;
        } catch (StorageException e) {
            throw log.failed(e);
        }
    }

    /** Checks all batches and sets their offsets and epoch; returns the offset behind the last. */
    private long assign(ByteBuffer batches, long baseOffset, int epoch) {
        if (epoch < epochs.latest()) {
            throw new FencedEpochException(epoch, epochs.latest());
        }
        int limit = batches.limit();
        int at = batches.position();
        if (at == limit) {
            throw new InvalidBatchException(InvalidBatchException.Reason.LENGTH, "bytes=0");
        }
        int maxBatchBytes = log.config().maxBatchBytes();
        long nextOffset = baseOffset;
        while (at < limit) {
            int sizeBytes = BatchDescriptor.check(batches, at, limit, maxBatchBytes);
            BatchDescriptor.checkConsecutive(batches, at);
            BatchDescriptor.patch(batches, at, nextOffset, epoch);
            nextOffset += BatchDescriptor.recordCount(batches, at);
            at += sizeBytes;
        }
        return nextOffset;
    }

    /** Checks that all batches go on from the end of the log and from its latest epoch; returns the offset behind the last. */
    private long requireContinued(ByteBuffer batches, long endOffset) {
        int limit = batches.limit();
        int at = batches.position();
        if (at == limit) {
            throw new InvalidBatchException(InvalidBatchException.Reason.LENGTH, "bytes=0");
        }
        long nextOffset = endOffset;
        int latest = epochs.latest();
        while (at < limit) {
            int sizeBytes = BatchDescriptor.check(batches, at, limit, Integer.MAX_VALUE);
            long baseOffset = BatchDescriptor.baseOffset(batches, at);
            if (baseOffset < nextOffset) {
                throw new InvalidBatchException(
                        InvalidBatchException.Reason.OFFSETS,
                        "the batch does not go on from the one before: baseOffset=" + baseOffset + ", expected="
                                + nextOffset);
            }
            int epoch = BatchDescriptor.leaderEpoch(batches, at);
            if (epoch < latest) {
                throw new FencedEpochException(epoch, latest);
            }
            latest = epoch;
            nextOffset = BatchDescriptor.lastOffset(batches, at) + 1;
            at += sizeBytes;
        }
        return nextOffset;
    }

    /** Recovery must know where offsets may be missing: anywhere else that is damage. */
    private void noteGaps(ByteBuffer batches, long endOffset, long nextOffset) {
        long expected = endOffset;
        int at = batches.position();
        while (at < batches.limit()) {
            if (BatchDescriptor.baseOffset(batches, at) != expected) {
                compaction.mayLeaveGapsBelow(nextOffset);
                return;
            }
            expected = BatchDescriptor.lastOffset(batches, at) + 1;
            at += BatchDescriptor.sizeBytes(batches, at);
        }
    }

    private void beginEpochs(ByteBuffer batches) {
        int at = batches.position();
        while (at < batches.limit()) {
            epochs.begin(BatchDescriptor.leaderEpoch(batches, at), BatchDescriptor.baseOffset(batches, at));
            at += BatchDescriptor.sizeBytes(batches, at);
        }
    }

    private void undo() {
        try {
            segments.active().cutBack();
            forgetEpochs();
        } catch (StorageException e) {
            log.failed(e);
        }
    }

    /** An epoch that has no batch must not be known: who follows another leader next may get batches of an earlier one. */
    private void forgetEpochs() {
        try {
            reserve.write(() -> epochs.truncateTo(log.endOffset()));
        } catch (OutOfSpaceException e) {
            // Memory is right. So is the file with the next epoch, or when the log is opened: no batch proves what it
            // says.
            return;
        }
    }

    @GuardedBy("log.appendLock")
    private void rollIfNeeded(int appendBytes, long nextOffset) {
        Segment active = segments.active();
        if (active.isEmpty()) {
            log.ageFromNow();
            return;
        }
        boolean full = isFull(active, appendBytes) || nextOffset - active.baseOffset() > Integer.MAX_VALUE;
        if (full) {
            log.roll();
        } else if (!rolledByUpkeep && isAged(log.clock().millis())) {
            forceAndRoll();
        }
    }

    private boolean isFull(Segment active, int appendBytes) {
        return !active.isEmpty()
                && active.sizeBytes() + appendBytes > Math.min(log.config().segmentBytes(), Segment.MAX_BYTES);
    }

    @GuardedBy("log.appendLock")
    private boolean isAged(long nowMs) {
        return !segments.active().isEmpty() && log.ageMs(nowMs) >= log.config().segmentAgeMs();
    }

    /** Rolls a segment that is not full. Not all of it need be durable yet, and the next one must not get ahead of it. */
    void forceAndRoll() {
        synchronized (log.appendLock) {
            segments.active().force();
            log.roll();
        }
    }

    /**
     * Rolls the active segment when it is old enough, also when nothing is appended; whether it was. From the first call on appends do
     * not look at the clock, which would be a good part of what they cost.
     */
    boolean rollWhenAged(long nowMs) {
        rolledByUpkeep = true;
        synchronized (log.upkeepLock) {
            synchronized (log.appendLock) {
                if (!log.isWritable() || segments.hasUnsealed() || !isAged(nowMs)) {
                    return false;
                }
            }
            log.guarded(() -> log.durability().flush());
            synchronized (log.appendLock) {
                if (segments.hasUnsealed() || !isAged(nowMs)) {
                    return false;
                }
                // What was appended since is little.
                log.guarded(this::forceAndRoll);
            }
        }
        log.config().listener().onRoll(segments.active().baseOffset());
        return true;
    }

    /**
     * Makes a part of a file ready for the next segment; false when there is one or none is needed yet. Only a roll waits for it.
     */
    boolean prepareNext() {
        return log.isWritable()
                && nextSegment.prepare(
                        segments.active().sizeBytes(), log.config().segmentBytes());
    }

    /** Makes the next appends to the active segment cheap. */
    void prepareAhead() {
        synchronized (log.upkeepLock) {
            if (log.isWritable()) {
                segments.active().prepareAhead();
            }
        }
    }
}
