// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;

/**
 * Moves the end of a log back: truncates it, or starts it anew, empty. What readers find meanwhile proves nothing
 * ({@link LogState#hasChangedSince}).
 *
 * <p>Threading: safe.
 */
final class LogTruncation {

    private final LogState log;
    private final LogParts parts;
    private final Storage storage;
    private final Segments segments;

    LogTruncation(LogState log, LogParts parts) {
        this.log = log;
        this.parts = parts;
        this.storage = parts.storage();
        this.segments = parts.segments();
    }

    /** See {@link CommitLog#truncateTo}. */
    void truncateTo(long offset) {
        synchronized (log.upkeepLock) {
            log.requireWritable();
            if (offset < log.startOffset()) {
                throw new OffsetOutOfRangeException(offset, log.startOffset(), log.endOffset());
            }
            if (offset >= log.endOffset()) {
                return;
            }
            provedToBeWhole(segments.floor(offset));
            log.guarded(() -> log.durability().exclusively(() -> {
                // New records will come to stand there.
                parts.compaction().forgetFrom(segments.floor(offset).baseOffset());
                synchronized (log.appendLock) {
                    log.nextGeneration();
                    try {
                        truncateLocked(offset);
                    } finally {
                        log.nextGeneration();
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

    @GuardedBy("log.appendLock")
    private void truncateLocked(long offset) {
        boolean reachesSealed = segments.active().baseOffset() > offset;
        if (reachesSealed) {
            // It must not speak of segments whose names others will have.
            parts.manifest().drop();
            storage.force();
        }
        while (segments.active().baseOffset() > offset) {
            Segment last = segments.active();
            if (segments.all().size() == 1) {
                segments.add(Segment.create(storage, offset, log.config(), false));
            }
            segments.remove(last);
            last.delete();
            segments.active().activate(log.config().recoveryBytes());
        }
        // Nobody must find an end beyond what is there.
        long kept = Math.min(log.endOffset(), offset);
        log.endOffset(Math.max(log.startOffset(), kept));
        segments.active().truncateTo(offset);
        log.endOffset(Math.max(log.startOffset(), segments.active().endOffset()));
        if (log.endOffset() > segments.active().endOffset()) {
            log.roll();
        }
        // What was cut off must not come back: others may stand in its place elsewhere.
        segments.active().force();
        storage.force();
        parts.reserve().write(() -> parts.epochs().truncateTo(log.endOffset()));
        if (reachesSealed) {
            parts.manifest().save(segments.all());
        }
    }

    /** See {@link CommitLog#resetTo}; the steps that a crash may interrupt are told in {@link LogReset}. */
    void resetTo(long offset) {
        synchronized (log.deletionLock) {
            synchronized (log.upkeepLock) {
                log.requireWritable();
                log.guarded(() -> parts.reset().begin(offset));
                try {
                    log.durability().restart(offset, () -> {
                        synchronized (log.appendLock) {
                            log.nextGeneration();
                            try {
                                resetLocked(offset);
                            } finally {
                                log.nextGeneration();
                            }
                        }
                    });
                } catch (StorageException e) {
                    // A full disk is no exception: there is no way back.
                    throw log.failed(e);
                }
            }
        }
        log.arrivals().signal();
        log.config().listener().onDelete(offset);
    }

    @GuardedBy("log.appendLock")
    private void resetLocked(long offset) {
        // In this order nobody finds an offset whose segment is gone.
        log.endOffset(offset);
        log.startOffset(offset);
        // Readers find nothing in it until the new segment can have its name.
        Segment placeholder = Segment.existing(storage, offset, log.config().indexIntervalBytes());
        segments.restart(placeholder).forEach(Segment::delete);
        parts.epochs().forget();
        parts.compaction().forget();
        parts.reset().finish(offset);
        segments.restart(parts.nextSegment().create(offset, log.config()));
        log.ageFromNow();
    }
}
