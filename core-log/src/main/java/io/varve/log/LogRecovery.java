// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.storage.Storage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the segments of a log and what they hold.
 *
 * <p>Sealed segments were made durable when they were sealed: their index files are believed when their checksums and the length of
 * the log file agree, and made anew otherwise. The last segment is believed as well when the log was closed. Otherwise it is read from
 * its beginning and every batch is checked. What follows the last valid batch is a torn tail and is cut off; a stretch without a valid
 * batch that is followed by valid ones is kept and reported, because what follows may have been acknowledged.
 *
 * <p>Threading: confined to the thread that opens the log.
 */
final class LogRecovery {

    private static final int WINDOW_BYTES = 1 << 20;

    private final Storage storage;
    private final LogConfig config;
    private final EpochHistory epochs;
    private final List<RecoveryReport.Damage> damaged = new ArrayList<>();

    private boolean wasClean = true;
    private long scannedBytes;
    private long truncatedBytes;
    private int rebuiltIndexes;

    LogRecovery(Storage storage, LogConfig config, EpochHistory epochs) {
        this.storage = storage;
        this.config = config;
        this.epochs = epochs;
    }

    /** The segments, in order; empty when the directory holds none. */
    List<Segment> segments() {
        List<Long> baseOffsets = new ArrayList<>();
        for (String name : storage.names()) {
            if (LogFiles.isTemporary(name)) {
                storage.delete(name);
            } else if (LogFiles.isLog(name)) {
                baseOffsets.add(LogFiles.baseOffset(name));
            }
        }
        baseOffsets.sort(null);
        boolean closed = storage.exists(LogFiles.CLEAN_CLOSE);
        List<Segment> found = new ArrayList<>();
        for (int i = 0; i < baseOffsets.size(); i++) {
            Segment segment = Segment.existing(storage, baseOffsets.get(i), config.indexIntervalBytes());
            found.add(segment);
            boolean last = i == baseOffsets.size() - 1;
            if (last && !closed) {
                wasClean = false;
                recover(segment, Offsets.CONSECUTIVE);
            } else if (!segment.adopt()) {
                rebuiltIndexes++;
                // Only the last segment can never have been compacted.
                recover(segment, last ? Offsets.CONSECUTIVE : Offsets.INCREASING);
                segment.seal();
            }
        }
        return found;
    }

    RecoveryReport report() {
        return new RecoveryReport(wasClean, scannedBytes, truncatedBytes, rebuiltIndexes, damaged);
    }

    /** Whether batches may be appended behind what this segment holds: not behind damage. */
    boolean isSound(Segment segment) {
        return damaged.stream().noneMatch(damage -> damage.file().equals(segment.name()));
    }

    /** Which base offset a batch may have. */
    private enum Offsets {
        /** The offset behind the batch before it. */
        CONSECUTIVE,
        /** That or a larger one. */
        INCREASING
    }

    private void recover(Segment segment, Offsets offsets) {
        long fileBytes = segment.file().sizeBytes();
        scannedBytes += fileBytes;
        Window window = new Window(segment, fileBytes);
        long position = 0;
        while (position < fileBytes) {
            String reason = window.reasonAgainstBatchAt(position, segment.endOffset(), offsets);
            if (reason == null) {
                take(segment, window, position);
                position = segment.sizeBytes();
                continue;
            }
            long next = window.nextBatch(position + 1, segment.endOffset());
            if (next < 0) {
                truncatedBytes += fileBytes - position;
                segment.cutBack();
                segment.file().force();
                return;
            }
            damaged.add(new RecoveryReport.Damage(segment.name(), position, next, reason));
            take(segment, window, next);
            position = segment.sizeBytes();
        }
    }

    private void take(Segment segment, Window window, long position) {
        int at = window.at(position);
        int epoch = BatchDescriptor.leaderEpoch(window.bytes, at);
        if (epoch > epochs.latest()) {
            epochs.begin(epoch, BatchDescriptor.baseOffset(window.bytes, at));
        }
        segment.note(window.bytes, at, position);
    }

    /** A part of the file in memory, moved and enlarged as batches demand, never beyond the largest batch that is there. */
    private static final class Window {

        private final Segment segment;
        private final long fileBytes;
        private ByteBuffer bytes;
        private long start;

        Window(Segment segment, long fileBytes) {
            this.segment = segment;
            this.fileBytes = fileBytes;
            this.bytes =
                    ByteBuffer.allocate((int) Math.min(fileBytes, WINDOW_BYTES)).limit(0);
        }

        int at(long position) {
            return (int) (position - start);
        }

        /** Makes the bytes from {@code position} on available, as many as {@code wanted} or as there are. */
        private int load(long position, int wanted) {
            int there = (int) Math.min(wanted, fileBytes - position);
            if (position < start || position + there > start + bytes.limit()) {
                if (there > bytes.capacity()) {
                    bytes = ByteBuffer.allocate(there);
                }
                bytes.clear();
                segment.file().read(bytes, position);
                bytes.flip();
                start = position;
            }
            return there;
        }

        /** Why no valid batch begins at a position, null when one does. */
        @SuppressWarnings("NullAway") // null is the answer "none"
        String reasonAgainstBatchAt(long position, long expectedOffset, Offsets offsets) {
            int there = load(position, BatchDescriptor.HEADER_BYTES);
            if (there < BatchDescriptor.HEADER_BYTES) {
                return "the header is cut off: bytes=" + there;
            }
            int at = at(position);
            int claimedBytes = BatchDescriptor.sizeBytes(bytes, at);
            long baseOffset = BatchDescriptor.baseOffset(bytes, at);
            if (BatchDescriptor.magic(bytes, at) != BatchDescriptor.MAGIC
                    || claimedBytes < BatchDescriptor.HEADER_BYTES
                    || claimedBytes > fileBytes - position) {
                return "no batch begins here: sizeBytes=" + claimedBytes + ", left=" + (fileBytes - position);
            }
            boolean gap = baseOffset > expectedOffset && offsets == Offsets.CONSECUTIVE;
            if (gap || baseOffset < expectedOffset || baseOffset - segment.baseOffset() > Integer.MAX_VALUE) {
                return "base offset out of order: baseOffset=" + baseOffset + ", expected=" + expectedOffset;
            }
            load(position, claimedBytes);
            try {
                BatchDescriptor.check(bytes, at(position), at(position) + claimedBytes, Integer.MAX_VALUE);
                return null;
            } catch (InvalidBatchException e) {
                return e.getMessage();
            }
        }

        /** Position of the first valid batch at or after a position, -1 when there is none. */
        long nextBatch(long from, long smallestOffset) {
            for (long position = from; position <= fileBytes - BatchDescriptor.HEADER_BYTES; position++) {
                load(position, BatchDescriptor.HEADER_BYTES);
                if (BatchDescriptor.magic(bytes, at(position)) == BatchDescriptor.MAGIC
                        && reasonAgainstBatchAt(position, smallestOffset, Offsets.INCREASING) == null) {
                    return position;
                }
            }
            return -1;
        }
    }
}
