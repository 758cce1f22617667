// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.RecordCursor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds records and batches by something else than their offset.
 *
 * <p>Threading: safe.
 */
final class LogSearch {

    private final LogState log;
    private final Segments segments;

    LogSearch(LogState log, Segments segments) {
        this.log = log;
        this.segments = segments;
    }

    Optional<TimestampedOffset> firstAtOrAfter(long timestampMs) {
        List<Segment> all = segments.all();
        for (int i = 0; i < all.size(); i++) {
            Segment segment = all.get(i);
            if (segment.maxTimestampMs() < timestampMs || segment.endOffset() <= log.startOffset()) {
                continue;
            }
            if (!segment.hold()) {
                // Deleted, or replaced by compaction: look again.
                log.requireOpen();
                all = segments.all();
                i = -1;
                continue;
            }
            try {
                Optional<TimestampedOffset> found = firstAtOrAfter(segment, timestampMs);
                if (found.isPresent()) {
                    return found;
                }
            } finally {
                segment.release();
            }
        }
        return Optional.empty();
    }

    private Optional<TimestampedOffset> firstAtOrAfter(Segment segment, long timestampMs) {
        BatchScan scan = segment.scanFromTime(timestampMs);
        while (scan.next()) {
            if (BatchDescriptor.maxTimestampMs(scan.header(), scan.headerAt()) >= timestampMs
                    && scan.lastOffset() >= log.startOffset()) {
                Optional<TimestampedOffset> found = first(
                        segment,
                        scan,
                        record -> record.timestampMs() >= timestampMs && record.offset() >= log.startOffset());
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    Optional<TimestampedOffset> maxTimestamp() {
        while (true) {
            Segment latest = latest();
            if (latest == null || latest.maxTimestampMs() < 0) {
                return Optional.empty();
            }
            if (latest.hold()) {
                return maxTimestamp(latest);
            }
            log.requireOpen();
        }
    }

    /** The segment with the largest timestamp that can be read, null when there is none. */
    private @Nullable Segment latest() {
        Segment latest = null;
        for (Segment segment : segments.all()) {
            boolean readable = !segment.isEmpty() && segment.endOffset() > log.startOffset();
            if (readable && (latest == null || segment.maxTimestampMs() > latest.maxTimestampMs())) {
                latest = segment;
            }
        }
        return latest;
    }

    private Optional<TimestampedOffset> maxTimestamp(Segment latest) {
        try {
            long maxTimestampMs = latest.maxTimestampMs();
            BatchScan scan = latest.scan(latest.positionOf(latest.maxTimestampOffset()), latest.sizeBytes());
            return scan.next()
                    ? first(latest, scan, record -> record.timestampMs() == maxTimestampMs)
                    : Optional.empty();
        } finally {
            latest.release();
        }
    }

    private static Optional<TimestampedOffset> first(Segment segment, BatchScan scan, Predicate<RecordCursor> wanted) {
        ByteBuffer batch = ByteBuffer.allocate(scan.sizeBytes());
        segment.file().read(batch, scan.position());
        try (RecordCursor cursor = RecordCursor.over(batch.flip())) {
            while (cursor.next()) {
                if (wanted.test(cursor)) {
                    int epoch = BatchDescriptor.leaderEpoch(batch, 0);
                    return Optional.of(new TimestampedOffset(cursor.offset(), cursor.timestampMs(), epoch));
                }
            }
        }
        return Optional.empty();
    }

    /** Timestamp of the first batch of a segment, from which its age counts. */
    static OptionalLong firstTimestampMs(Segment segment) {
        if (segment.isEmpty() || !segment.hold()) {
            return OptionalLong.empty();
        }
        try {
            return firstTimestampMs(segment.scan(0, segment.sizeBytes()));
        } catch (CorruptLogException e) {
            // Who reads the batch will be told.
            return OptionalLong.empty();
        } finally {
            segment.release();
        }
    }

    private static OptionalLong firstTimestampMs(BatchScan scan) {
        if (!scan.next()) {
            return OptionalLong.empty();
        }
        long timestampMs = BatchDescriptor.maxTimestampMs(scan.header(), scan.headerAt());
        return timestampMs < 0 ? OptionalLong.empty() : OptionalLong.of(timestampMs);
    }
}
