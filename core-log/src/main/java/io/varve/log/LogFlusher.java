// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.index.SegmentSummary;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Makes what was appended durable, and says so in the files, so that it is not read again after a crash: flushes, checkpoints, and
 * seals what was rolled.
 *
 * <p>Threading: safe.
 */
final class LogFlusher {

    private final LogState log;
    private final LogParts parts;
    private final Segments segments;
    private final Durability durability;

    LogFlusher(LogState log, LogParts parts) {
        this.log = log;
        this.parts = parts;
        this.segments = parts.segments();
        this.durability = log.durability();
    }

    /** See {@link CommitLog#flush}. */
    long flush() {
        log.requireWritable();
        long before = durability.flushedOffset();
        log.guarded(() -> durability.flush());
        long flushedOffset = durability.flushedOffset();
        if (flushedOffset > before) {
            log.config().listener().onFlush(flushedOffset);
        }
        return flushedOffset;
    }

    /** See {@link CommitLog#awaitDurable}. */
    long awaitDurable(long offset) throws InterruptedException {
        if (offset > log.endOffset()) {
            throw outOfRange(offset);
        }
        FlushPolicy policy = log.config().flushPolicy();
        boolean gathers = policy.everyMs() != Long.MAX_VALUE && unflushedBytes() < policy.everyBytes();
        if (gathers && durability.await(offset, TimeUnit.MILLISECONDS.toNanos(policy.everyMs()))) {
            return durability.flushedOffset();
        }
        long flushedOffset = durability.flushedOffset() >= offset ? durability.flushedOffset() : flush();
        if (flushedOffset < offset) {
            // The end was moved back meanwhile.
            throw outOfRange(offset);
        }
        return flushedOffset;
    }

    private OffsetOutOfRangeException outOfRange(long offset) {
        return new OffsetOutOfRangeException(offset, log.startOffset(), log.endOffset());
    }

    /** See {@link CommitLog#whenDurable}. */
    CompletableFuture<Long> whenDurable(long offset) {
        log.requireWritable();
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

    /** Seals the segments that were rolled; returns how many there were. */
    int sealRolled() {
        int sealedCount = 0;
        synchronized (log.upkeepLock) {
            if (log.isClosed() || !segments.hasUnsealed()) {
                return 0;
            }
            log.guarded(() -> durability.flush());
            for (Segment segment : segments.all()) {
                if (segment != segments.active() && segment.isActivated()) {
                    log.guarded(() -> {
                        parts.epochs().force();
                        segment.seal();
                    });
                    segment.passivate();
                    // Not left to rest: of a log that is only appended to nobody will come to read it.
                    log.guarded(segment::letGo);
                    sealedCount++;
                }
            }
            log.guarded(() -> parts.manifest().save(segments.all()));
        }
        return sealedCount;
    }

    /** Whether more than a fraction of what may be read again after a crash has gathered. */
    boolean isCheckpointDue() {
        Segment active = segments.active();
        return active.sizeBytes() - active.checkpointBytes() >= log.config().recoveryBytes() / 4;
    }

    /** Makes all durable and says so in the index file, so that it is not read again after a crash. */
    void checkpoint(int appendBytes) {
        synchronized (log.upkeepLock) {
            if (log.isClosed()) {
                return;
            }
            Segment active;
            SegmentSummary summary;
            int entryCount;
            synchronized (log.appendLock) {
                active = segments.active();
                summary = active.summary(Math.max(log.config().recoveryBytes() / 2, appendBytes));
                entryCount = active.indexEntryCount();
            }
            log.guarded(() -> {
                durability.flush();
                parts.epochs().force();
                active.checkpoint(summary, entryCount);
            });
        }
        log.config().listener().onFlush(durability.flushedOffset());
    }

    /** Seals all that was appended to and marks the log as closed; in the lock of upkeep, when nothing is appended any more. */
    void sealAll() {
        durability.flush();
        parts.epochs().force();
        boolean rolled = segments.hasUnsealed();
        for (Segment segment : segments.all()) {
            if (segment.isActivated()) {
                segment.seal();
            }
        }
        parts.nextSegment().delete();
        if (rolled || parts.manifest().isDistrusted()) {
            parts.manifest().save(segments.all());
        }
        parts.reserve()
                .write(() -> LogFiles.replace(parts.storage(), LogFiles.CLEAN_CLOSE, log.endOffset() + "\n", true));
    }
}
