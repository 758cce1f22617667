// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import java.util.function.Supplier;

/**
 * What readers see of a log: from its start to its end, whatever is deleted, truncated or swapped under them.
 *
 * <p>Threading: safe; takes no lock.
 */
final class LogView {

    private final LogState log;
    private final Segments segments;

    LogView(LogState log, Segments segments) {
        this.log = log;
        this.segments = segments;
    }

    long endOffset() {
        return log.endOffset();
    }

    /** Changes before and after the end is moved back; odd in between. */
    long generation() {
        return log.generation();
    }

    /** Whether the end was being moved back at that generation or has been since: what was read meanwhile proves nothing. */
    boolean hasChangedSince(long seenGeneration) {
        return log.hasChangedSince(seenGeneration);
    }

    int maxBatchBytes() {
        return log.config().maxBatchBytes();
    }

    /** Waits until the log ends beyond an offset; whether it does. */
    boolean awaitEnd(long offset, long nanos) throws InterruptedException {
        return log.arrivals().await(() -> log.isClosed() || endOffset() > offset, nanos) && endOffset() > offset;
    }

    /** Throws when the offset cannot be read, whatever the reason. */
    void requireInRange(long offset) {
        log.requireOpen();
        if (offset < log.startOffset() || offset > log.endOffset()) {
            throw new OffsetOutOfRangeException(offset, log.startOffset(), log.endOffset());
        }
    }

    /** Reads again when the end was moved back meanwhile and what stood there looks damaged. */
    <T> T undisturbed(Supplier<T> read) {
        while (true) {
            long seen = generation();
            try {
                return read.get();
            } catch (CorruptLogException e) {
                if (!hasChangedSince(seen)) {
                    throw e;
                }
            }
        }
    }

    /** See {@link CommitLog#slice}. */
    LogSlice slice(long offset, long endOffset, int maxBytes) {
        return undisturbed(() -> sliceNow(offset, endOffset, maxBytes));
    }

    private LogSlice sliceNow(long offset, long endOffset, int maxBytes) {
        requireInRange(offset);
        long end = Math.min(endOffset, endOffset());
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
                if (at >= log.startOffset() && at <= log.endOffset()) {
                    return segment;
                }
                segment.release();
            }
        }
    }
}
