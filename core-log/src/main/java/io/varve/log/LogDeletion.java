// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.List;

/**
 * Deletes the beginning of a log. The start is stored first, so that a crash leaves files of deleted segments at worst, and readers
 * find none beyond the start; then the segments go out of the log, then their files.
 *
 * <p>Threading: safe.
 */
final class LogDeletion {

    private final LogState log;
    private final LogParts parts;
    private final Segments segments;
    private final LogAppender appender;

    LogDeletion(LogState log, LogParts parts, LogAppender appender) {
        this.log = log;
        this.parts = parts;
        this.segments = parts.segments();
        this.appender = appender;
    }

    /** See {@link CommitLog#deleteBefore}. */
    void deleteBefore(long offset) {
        List<Segment> gone;
        synchronized (log.deletionLock) {
            synchronized (log.upkeepLock) {
                gone = removeBefore(offset);
            }
            deleteFiles(gone);
        }
        tellOf(gone);
    }

    /** See {@link CommitLog#applyRetention}. */
    int applyRetention(long nowMs) {
        List<Segment> gone;
        synchronized (log.deletionLock) {
            synchronized (log.upkeepLock) {
                log.requireWritable();
                gone = removeExpired(nowMs);
            }
            deleteFiles(gone);
        }
        tellOf(gone);
        return gone.size();
    }

    @GuardedBy("log.upkeepLock")
    private List<Segment> removeExpired(long nowMs) {
        long keepFrom = Expiry.expiredBefore(segments.all(), log.config().retention(), nowMs);
        if (keepFrom == Expiry.NOTHING) {
            return List.of();
        }
        if (keepFrom == log.endOffset() && !segments.active().isEmpty()) {
            log.guarded(appender::forceAndRoll);
        }
        return removeBefore(keepFrom);
    }

    /** Takes the segments that end at or before an offset out of the log; returns them. */
    @GuardedBy("log.upkeepLock")
    private List<Segment> removeBefore(long offset) {
        log.requireWritable();
        if (offset > log.endOffset()) {
            throw new OffsetOutOfRangeException(offset, log.startOffset(), log.endOffset());
        }
        List<Segment> gone = new ArrayList<>();
        if (offset <= log.startOffset()) {
            return gone;
        }
        log.guarded(() -> {
            parts.reserve().write(() -> LogFiles.replace(parts.storage(), LogFiles.START_OFFSET, offset + "\n", true));
            log.startOffset(offset);
            synchronized (log.appendLock) {
                for (Segment segment : segments.all()) {
                    if (segment == segments.active() || segment.endOffset() > offset) {
                        break;
                    }
                    segments.remove(segment);
                    gone.add(segment);
                }
            }
        });
        return gone;
    }

    /** Without the lock of upkeep: a file system may take its time, and a roll may wait for that lock. */
    private void deleteFiles(List<Segment> gone) {
        if (!gone.isEmpty()) {
            log.guarded(() -> gone.forEach(Segment::delete));
        }
    }

    private void tellOf(List<Segment> gone) {
        if (!gone.isEmpty()) {
            log.config().listener().onDelete(log.startOffset());
        }
    }
}
