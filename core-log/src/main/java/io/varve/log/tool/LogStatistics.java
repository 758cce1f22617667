// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import io.varve.log.LogDirectory;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.Compression;
import io.varve.log.batch.RecordCursor;
import io.varve.log.index.IndexFile;
import io.varve.log.index.SegmentSummary;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import io.varve.log.storage.StorageFile;
import io.varve.log.walk.BatchWalk;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a log amounts to, counted from its files. Nothing is changed.
 *
 * <p>Threading: immutable.
 *
 * @param segments the segments in their order
 * @param codecs what each compression in use amounts to
 * @param epochs the leader epochs by their first offsets
 * @param cursors the positions kept under names
 * @param startOffset first offset that can be read
 * @param endOffset one past the last offset, exclusive
 * @param wasClosed whether the log was closed; when it was not, opening reads {@code recoveryBytes}
 * @param recoveryBytes bytes that no index covers
 */
public record LogStatistics(
        List<Segment> segments,
        Map<Compression, Codec> codecs,
        Map<Long, Integer> epochs,
        Map<String, Long> cursors,
        long startOffset,
        long endOffset,
        boolean wasClosed,
        long recoveryBytes) {

    /**
     * Copies what it is given.
     *
     * @param epochs as in the record
     * @param cursors as in the record
     * @param startOffset as in the record
     * @param wasClosed as in the record
     * @param recoveryBytes as in the record
     * @param segments as in the record
     * @param codecs as in the record
     * @param endOffset as in the record
     */
    public LogStatistics {
        segments = List.copyOf(segments);
        codecs = Map.copyOf(codecs);
    }

    /**
     * One segment.
     *
     * @param name name of its log file
     * @param baseOffset its base offset
     * @param endOffset one past its last offset, exclusive
     * @param sizeBytes length of its log file
     * @param indexBytes length of our index and of Kafka's two
     * @param coveredBytes up to where our index covers the log file
     * @param batches number of batches
     * @param records number of records
     * @param minTimestampMs smallest base timestamp of a batch, -1 when there is none
     * @param maxTimestampMs largest timestamp, -1 when there is none
     * @param damagedBytes bytes in which no batch was found
     */
    public record Segment(
            String name,
            long baseOffset,
            long endOffset,
            long sizeBytes,
            long indexBytes,
            long coveredBytes,
            long batches,
            long records,
            long minTimestampMs,
            long maxTimestampMs,
            long damagedBytes) {}

    /**
     * One compression.
     *
     * @param batches number of batches that use it
     * @param storedBytes length of their records as they are stored
     * @param recordBytes length of their records when they are not compressed; -1 when that was not asked for
     */
    public record Codec(long batches, long storedBytes, long recordBytes) {

        private static final Codec NOTHING = new Codec(0, 0, 0);

        private Codec plus(long stored, long uncompressed) {
            return new Codec(batches + 1, storedBytes + stored, uncompressed < 0 ? -1 : recordBytes + uncompressed);
        }
    }

    /**
     * Counts what a log holds. Headers are read and believed; checksums are the business of {@link LogVerifier}.
     *
     * @param storage where the log is, best a {@link io.varve.log.storage.ReadOnlyStorage}
     * @param decompressed whether batches are decompressed to know how long their records are
     * @return the sums
     * @throws StorageException when a file cannot be read
     * @throws io.varve.log.CorruptLogException when one of the small files is damaged
     */
    public static LogStatistics of(Storage storage, boolean decompressed) {
        return new Count(TrialStorage.settled(storage), decompressed).run();
    }

    /** {@return number of batches in all segments} */
    public long batches() {
        return segments.stream().mapToLong(Segment::batches).sum();
    }

    /** {@return number of records in all segments} */
    public long records() {
        return segments.stream().mapToLong(Segment::records).sum();
    }

    /** {@return length of all log files} */
    public long sizeBytes() {
        return segments.stream().mapToLong(Segment::sizeBytes).sum();
    }

    /** {@return length of all indexes} */
    public long indexBytes() {
        return segments.stream().mapToLong(Segment::indexBytes).sum();
    }

    /** {@return smallest base timestamp of a batch in milliseconds, -1 when there is none} */
    public long minTimestampMs() {
        return segments.stream()
                .mapToLong(Segment::minTimestampMs)
                .filter(timestampMs -> timestampMs >= 0)
                .min()
                .orElse(-1);
    }

    /** {@return largest timestamp in milliseconds, -1 when there is none} */
    public long maxTimestampMs() {
        return segments.stream().mapToLong(Segment::maxTimestampMs).max().orElse(-1);
    }

    /** Collects the numbers. */
    private static final class Count {

        private final Storage storage;
        private final LogDirectory directory;
        private final boolean decompressed;
        private final Map<Compression, Codec> codecs = new EnumMap<>(Compression.class);

        Count(Storage storage, boolean decompressed) {
            this.storage = storage;
            this.directory = LogDirectory.of(storage);
            this.decompressed = decompressed;
        }

        LogStatistics run() {
            List<Segment> segments = new ArrayList<>();
            for (long baseOffset : directory.baseOffsets()) {
                segments.add(segment(baseOffset));
            }
            long stored = directory.startOffset().orElse(0);
            boolean wasClosed = directory.closedAt().isPresent();
            return new LogStatistics(
                    segments,
                    codecs,
                    directory.epochs(),
                    directory.cursors(),
                    segments.isEmpty()
                            ? stored
                            : Math.max(stored, segments.get(0).baseOffset()),
                    segments.isEmpty()
                            ? stored
                            : Math.max(stored, segments.get(segments.size() - 1).endOffset()),
                    wasClosed,
                    segments.stream()
                            .mapToLong(segment -> Math.max(0, segment.sizeBytes() - segment.coveredBytes()))
                            .sum());
        }

        private Segment segment(long baseOffset) {
            IndexFile.Inspection index =
                    new IndexFile(storage, LogDirectory.indexName(baseOffset), baseOffset).inspect();
            SegmentSummary summary = index == null ? null : index.summary();
            long batches = 0;
            long records = 0;
            long endOffset = baseOffset;
            long minMs = -1;
            long maxMs = -1;
            long damagedBytes = 0;
            String name = LogDirectory.logName(baseOffset);
            try (StorageFile file = storage.open(name)) {
                long sizeBytes = file.sizeBytes();
                BatchWalk walk = new BatchWalk(file, baseOffset, 0, sizeBytes, decompressed);
                while (walk.next()) {
                    if (walk.reason() != null) {
                        damagedBytes += walk.isZeros() ? 0 : walk.endPosition() - walk.position();
                        continue;
                    }
                    ByteBuffer header = walk.header();
                    int at = walk.headerAt();
                    batches++;
                    records += BatchDescriptor.recordCount(header, at);
                    endOffset = BatchDescriptor.lastOffset(header, at) + 1;
                    maxMs = Math.max(maxMs, BatchDescriptor.maxTimestampMs(header, at));
                    long baseMs = BatchDescriptor.baseTimestampMs(header, at);
                    minMs = baseMs < 0 || (minMs >= 0 && minMs <= baseMs) ? minMs : baseMs;
                    count(walk, BatchDescriptor.compressionId(header, at));
                }
                return new Segment(
                        name,
                        baseOffset,
                        endOffset,
                        sizeBytes,
                        indexBytes(baseOffset),
                        summary == null ? 0 : summary.sizeBytes(),
                        batches,
                        records,
                        minMs,
                        maxMs,
                        damagedBytes);
            }
        }

        private void count(BatchWalk walk, int compressionId) {
            Compression compression = Compression.of(compressionId);
            long storedBytes = walk.endPosition() - walk.position() - BatchDescriptor.HEADER_BYTES;
            long recordBytes = compression == Compression.NONE ? storedBytes : decompressed ? recordBytes(walk) : -1;
            codecs.put(
                    compression, codecs.getOrDefault(compression, Codec.NOTHING).plus(storedBytes, recordBytes));
        }

        private static long recordBytes(BatchWalk walk) {
            RecordCursor cursor = RecordCursor.over(walk.batch());
            while (cursor.next()) {
                // Only to get to the end.
            }
            return cursor.passedBytes();
        }

        private long indexBytes(long baseOffset) {
            return sizeOf(LogDirectory.indexName(baseOffset))
                    + sizeOf(LogDirectory.kafkaOffsetIndexName(baseOffset))
                    + sizeOf(LogDirectory.kafkaTimeIndexName(baseOffset));
        }

        private long sizeOf(String name) {
            if (!storage.exists(name)) {
                return 0;
            }
            try (StorageFile file = storage.open(name)) {
                return file.sizeBytes();
            }
        }
    }
}
