// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.stress;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.LogReader;
import io.varve.log.LogSlice;
import io.varve.log.OffsetOutOfRangeException;
import io.varve.log.TimestampedOffset;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.BatchDescriptor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * A small log whose batches hold one record each and are known beforehand. Every reading method looks at the end offset first, then
 * reads all that lies below it, and returns that end offset, or {@link #WRONG}.
 *
 * <p>Threading: one writer, any readers.
 */
final class StressedLog {

    /** Something below the end offset was missing, damaged or not what was appended. */
    static final int WRONG = -1;

    private static final int EPOCH = 1;
    private static final long TIMESTAMP_MS = 1_000;
    private static final byte[] VALUE = {1, 2, 3, 4, 5, 6, 7, 8};
    private static final byte[] BATCH = new BatchBuilder()
            .add(TIMESTAMP_MS, null, ByteBuffer.wrap(VALUE), List.of())
            .build()
            .array();

    private final CommitLog log;

    /** {@code segmentBatches} is the number of batches after which a segment is rolled. */
    StressedLog(int segmentBatches) {
        LogConfig config =
                LogConfig.builder().segmentBytes(segmentBatches * BATCH.length).build();
        this.log = CommitLog.open(new UnfencedStorage(), config);
    }

    void append() {
        log.append(ByteBuffer.wrap(BATCH.clone()), EPOCH);
    }

    void flush() {
        log.flush();
    }

    void deleteBefore(long offset) {
        log.deleteBefore(offset);
    }

    /** Reads record by record. */
    int readByRecord() {
        long end = log.endOffset();
        try (LogReader reader = log.readerAt(0)) {
            for (long offset = 0; offset < end; offset++) {
                if (!reader.next()
                        || reader.offset() != offset
                        || !ByteBuffer.wrap(VALUE).equals(reader.record().value())) {
                    return WRONG;
                }
            }
        } catch (RuntimeException e) {
            return WRONG;
        }
        return (int) end;
    }

    /** Reads slice by slice. */
    int readBySlice() {
        long end = log.endOffset();
        try {
            for (long offset = 0; offset < end; ) {
                try (LogSlice slice = log.slice(offset, end, Integer.MAX_VALUE)) {
                    int batches = wholeBatches(slice.read(), offset);
                    if (batches <= 0) {
                        return WRONG;
                    }
                    offset += batches;
                }
            }
        } catch (RuntimeException e) {
            return WRONG;
        }
        return (int) end;
    }

    /** Number of batches in the bytes, which begin at an offset; {@link #WRONG} when they are not those that were appended. */
    private static int wholeBatches(ByteBuffer bytes, long offset) {
        ByteBuffer expected = ByteBuffer.wrap(BATCH.clone());
        int batches = bytes.remaining() / BATCH.length;
        for (int i = 0; i < batches; i++) {
            BatchDescriptor.patch(expected, 0, offset + i, EPOCH);
            if (!expected.equals(bytes.slice(i * BATCH.length, BATCH.length))) {
                return WRONG;
            }
        }
        return batches * BATCH.length == bytes.remaining() ? batches : WRONG;
    }

    /** Looks the time of the appended records up; all have the same, so the first is found. */
    int readByTime() {
        long end = log.endOffset();
        try {
            Optional<TimestampedOffset> found = log.firstAtOrAfter(TIMESTAMP_MS);
            boolean right = found.isPresent() ? found.get().offset() == 0 : end == 0;
            return right ? (int) end : WRONG;
        } catch (RuntimeException e) {
            return WRONG;
        }
    }

    /** Reads the first batch: 1 when it is there and whole, 0 when it is below the start of the log. */
    int readFirst() {
        try (LogSlice slice = log.slice(0, 1, Integer.MAX_VALUE)) {
            return wholeBatches(slice.read(), 0) == 1 ? 1 : WRONG;
        } catch (OffsetOutOfRangeException e) {
            return 0;
        } catch (RuntimeException e) {
            return WRONG;
        }
    }

    /** The flushed offset, or {@link #WRONG} when the end offset, read after it, lies below. */
    int flushedBelowEnd() {
        long flushed = log.flushedOffset();
        return flushed <= log.endOffset() ? (int) flushed : WRONG;
    }
}
