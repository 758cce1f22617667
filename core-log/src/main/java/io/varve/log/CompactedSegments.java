// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a compaction does to an open log. Each change is refused when the log is not any more what the compaction has seen: closed,
 * failed, truncated, or cut at its start.
 *
 * <p>Threading: safe; the changes are made in the lock of upkeep.
 */
final class CompactedSegments {

    private final LogState log;
    private final Storage storage;
    private final Segments segments;
    private final Manifest manifest;
    private final CompactionState state;

    /** Segments that are being replaced. */
    @GuardedBy("log.upkeepLock")
    private final List<Segment> pinned = new ArrayList<>();

    CompactedSegments(LogState log, LogParts parts) {
        this.log = log;
        this.storage = parts.storage();
        this.segments = parts.segments();
        this.manifest = parts.manifest();
        this.state = parts.compaction();
    }

    /** An empty segment, beside the log, in which to gather what stays; the caller holds it. */
    Segment create(long baseOffset) {
        return Segment.cleaned(storage, baseOffset, log.config().indexIntervalBytes());
    }

    /** Up to which length, bytes, neighbours are made one. */
    long largestBytes() {
        return Math.min(log.config().segmentBytes(), Segment.MAX_BYTES);
    }

    /** Whether the log was truncated since, so that what was seen proves nothing. */
    boolean isOvertaken(long seenGeneration) {
        return log.generation() != seenGeneration;
    }

    /** Writes down that records below an offset are about to be removed; whether they may be. */
    boolean mayLeaveGapsBelow(long offset, long seenGeneration) {
        synchronized (log.upkeepLock) {
            if (!isAsSeen(seenGeneration)) {
                return false;
            }
            state.mayLeaveGapsBelow(offset);
            return true;
        }
    }

    /** Writes down that all below an offset is compacted; whether it is. */
    boolean completed(long offset, long seenGeneration) {
        synchronized (log.upkeepLock) {
            if (!isAsSeen(seenGeneration)) {
                return false;
            }
            state.completed(offset);
            return true;
        }
    }

    private boolean isAsSeen(long seenGeneration) {
        return log.isWritable() && !isOvertaken(seenGeneration);
    }

    /**
     * Puts what compaction has left of neighbouring segments in their place; false when they are not what they were, because the log
     * was closed, truncated or cut at its start since.
     *
     * <p>Readers of the old segments read on in the old files, which are open until the last has let go.
     */
    boolean swap(List<Segment> old, Segment cleaned, long seenGeneration) {
        synchronized (log.upkeepLock) {
            List<Segment> all = segments.all();
            if (!isAsSeen(seenGeneration) || !all.containsAll(old)) {
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
                Segment next = Segment.existing(
                        storage, cleaned.baseOffset(), log.config().indexIntervalBytes());
                if (!next.adopt(cleaned.sizeBytes())) {
                    String message = "the index of a compacted segment cannot be read back: file=" + cleaned.name();
                    throw new StorageException(message, new IOException(message));
                }
                synchronized (log.appendLock) {
                    segments.replace(old, next);
                }
            } catch (StorageException e) {
                // Half done: only opening the log again can tell. The pins stay, so that readers go on with the old
                // files.
                throw log.failed(e);
            }
            old.forEach(Segment::retire);
            unpin();
            log.guarded(() -> manifest.save(segments.all()));
            return true;
        }
    }

    /** Lets go of the segments that a swap which failed has left to their readers. */
    void unpin() {
        synchronized (log.upkeepLock) {
            pinned.forEach(Segment::release);
            pinned.clear();
        }
    }
}
