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

    private final LogState log;
    private final Segments segments;
    private final EpochHistory epochs;
    private final NextSegment nextSegment;
    private final LogFlusher flusher;

    private volatile boolean rolledByUpkeep;

    LogAppender(LogState log, LogParts parts, LogFlusher flusher) {
        this.log = log;
        this.segments = parts.segments();
        this.epochs = parts.epochs();
        this.nextSegment = parts.nextSegment();
        this.flusher = flusher;
    }

    /** See {@link CommitLog#append(ByteBuffer, int)}. */
    long append(ByteBuffer batches, int epoch) {
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
        if (epoch < epochs.latest()) {
            throw new FencedEpochException(epoch, epochs.latest());
        }
        long baseOffset = log.endOffset();
        long nextOffset = assign(batches, baseOffset, epoch);
        try {
            rollIfNeeded(batches.remaining(), nextOffset);
            if (epoch > epochs.latest()) {
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

    private void undo() {
        try {
            segments.active().cutBack();
        } catch (StorageException e) {
            log.failed(e);
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
