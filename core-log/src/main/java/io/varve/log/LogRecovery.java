// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the segments of a log and what they hold.
 *
 * <p>What an index file covers is durable and is believed, whatever its size; damage in it is found when it is read. What may stand
 * behind is read and every batch is checked: at most the recovery bound of the log, or a whole segment when its index file is absent
 * or wrong. What follows the last valid batch is a torn tail and is cut off, and kept in a quarantine file when it looks like a whole
 * batch that was damaged; a stretch without a valid batch that is followed by valid ones is kept and reported, because what follows
 * may have been acknowledged. A segment that begins before the one in front of it ends is not of this log and is renamed.
 *
 * <p>Threading: confined to the thread that opens the log.
 */
final class LogRecovery {

    private static final int WINDOW_BYTES = 1 << 20;

    private final Storage storage;
    private final LogConfig config;
    private final EpochHistory epochs;
    private final long gapsEndOffset;
    private final List<RecoveryReport.Damage> damaged = new ArrayList<>();
    private final List<String> quarantined = new ArrayList<>();

    private boolean wasClean = true;
    private long scannedBytes;
    private long truncatedBytes;
    private int rebuiltIndexes;

    /**
     * @param gapsEndOffset below it, exclusive, offsets may be missing in the last segment, because it was compacted before it became
     *     the last
     */
    LogRecovery(Storage storage, LogConfig config, EpochHistory epochs, long gapsEndOffset) {
        this.storage = storage;
        this.config = config;
        this.epochs = epochs;
        this.gapsEndOffset = gapsEndOffset;
    }

    /** The segments, in order, none held; empty when the directory holds none. */
    List<Segment> segments() {
        SegmentSwap.recover(storage);
        List<Long> baseOffsets = new ArrayList<>();
        for (String name : storage.names()) {
            if (LogFiles.isTemporary(name)) {
                storage.delete(name);
            } else if (LogFiles.isLog(name)) {
                baseOffsets.add(LogFiles.baseOffset(name));
            }
        }
        baseOffsets.sort(null);
        wasClean = baseOffsets.isEmpty() || storage.exists(LogFiles.CLEAN_CLOSE);
        List<Segment> found = new ArrayList<>();
        for (int i = 0; i < baseOffsets.size(); i++) {
            long baseOffset = baseOffsets.get(i);
            Segment before = found.isEmpty() ? null : found.get(found.size() - 1);
            if (before != null && baseOffset < before.endOffset()) {
                quarantine(baseOffset);
                continue;
            }
            Segment segment = Segment.existing(storage, baseOffset, config.indexIntervalBytes());
            found.add(segment);
            boolean last = i == baseOffsets.size() - 1;
            segment.hold();
            long fileBytes = segment.file().sizeBytes();
            if (!segment.adopt(fileBytes)) {
                recover(segment, fileBytes, last ? gapsEndOffset : Long.MAX_VALUE);
                segment.seal();
            }
            segment.release();
        }
        if (!storage.exists(LogFiles.EPOCHS)) {
            found.forEach(this::findEpochs);
        }
        return found;
    }

    private void findEpochs(Segment segment) {
        segment.hold();
        BatchScan scan = segment.scan(0, segment.sizeBytes());
        while (scan.next()) {
            noteEpoch(scan.header(), scan.headerAt());
        }
        segment.release();
    }

    private void noteEpoch(ByteBuffer header, int at) {
        int epoch = BatchDescriptor.leaderEpoch(header, at);
        if (epoch > epochs.latest()) {
            epochs.begin(epoch, BatchDescriptor.baseOffset(header, at));
        }
    }

    private void quarantine(long baseOffset) {
        String name = LogFiles.segment(baseOffset, LogFiles.LOG);
        String aside = name + LogFiles.QUARANTINE;
        storage.rename(name, aside);
        storage.delete(LogFiles.segment(baseOffset, LogFiles.SPARSE_INDEX));
        quarantined.add(aside);
    }

    RecoveryReport report() {
        return new RecoveryReport(wasClean, scannedBytes, truncatedBytes, rebuiltIndexes, damaged, quarantined);
    }

    /** Whether batches may be appended behind what this segment holds: not behind damage. */
    boolean isSound(Segment segment) {
        return damaged.stream().noneMatch(damage -> damage.file().equals(segment.name()));
    }

    /** Below {@code gapsEnd} offsets may be missing. */
    private void recover(Segment segment, long fileBytes, long gapsEnd) {
        long limit = segment.resume(fileBytes);
        if (segment.isEmpty() && fileBytes > 0 && wasClean) {
            rebuiltIndexes++;
        }
        scannedBytes += limit - segment.sizeBytes();
        Window window = new Window(segment, limit);
        long position = segment.sizeBytes();
        while (position < limit) {
            String reason = window.reasonAgainstBatchAt(position, segment.endOffset(), gapsEnd);
            if (reason == null) {
                take(segment, window, position);
                position = segment.sizeBytes();
                continue;
            }
            long next = window.nextBatch(position + 1, segment.endOffset());
            if (next < 0) {
                cutTail(segment, window, position);
                return;
            }
            damaged.add(new RecoveryReport.Damage(segment.name(), position, next, reason));
            take(segment, window, next);
            position = segment.sizeBytes();
        }
        if (limit < fileBytes) {
            segment.cutBack();
        }
    }

    /** Cuts off what no valid batch follows; space that was prepared and never written is not worth a word. */
    private void cutTail(Segment segment, Window window, long position) {
        if (!window.isZeroFrom(position)) {
            truncatedBytes += window.limit - position;
            if (window.claimsWholeBatchAt(position)) {
                String aside = segment.name() + "." + position + LogFiles.QUARANTINE;
                try (StorageFile copy = storage.open(aside)) {
                    window.copy(position, copy);
                }
                quarantined.add(aside);
            }
        }
        segment.cutBack();
        segment.file().force();
    }

    private void take(Segment segment, Window window, long position) {
        int at = window.at(position);
        noteEpoch(window.bytes, at);
        segment.note(window.bytes, at, position);
    }

    /** A part of the file in memory, moved and enlarged as batches demand, never beyond the largest batch that is there. */
    private static final class Window {

        private final Segment segment;
        private final long limit;
        private ByteBuffer bytes;
        private long start;

        Window(Segment segment, long limit) {
            this.segment = segment;
            this.limit = limit;
            this.bytes =
                    ByteBuffer.allocate((int) Math.min(limit, WINDOW_BYTES)).limit(0);
        }

        int at(long position) {
            return (int) (position - start);
        }

        /** Makes the bytes from {@code position} on available, as many as {@code wanted} or as there are. */
        private int load(long position, int wanted) {
            int there = (int) Math.min(wanted, limit - position);
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
        String reasonAgainstBatchAt(long position, long expectedOffset, long gapsEnd) {
            int there = load(position, BatchDescriptor.HEADER_BYTES);
            if (there < BatchDescriptor.HEADER_BYTES) {
                return "the header is cut off: bytes=" + there;
            }
            int at = at(position);
            int claimedBytes = BatchDescriptor.sizeBytes(bytes, at);
            long baseOffset = BatchDescriptor.baseOffset(bytes, at);
            if (BatchDescriptor.magic(bytes, at) != BatchDescriptor.MAGIC
                    || claimedBytes < BatchDescriptor.HEADER_BYTES
                    || claimedBytes > limit - position) {
                return "no batch begins here: sizeBytes=" + claimedBytes + ", left=" + (limit - position);
            }
            boolean gap = baseOffset > expectedOffset && expectedOffset >= gapsEnd;
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

        /** Whether a batch is said to begin at a position and to end within the file, true or not. */
        boolean claimsWholeBatchAt(long position) {
            if (load(position, BatchDescriptor.HEADER_BYTES) < BatchDescriptor.HEADER_BYTES) {
                return false;
            }
            int claimedBytes = BatchDescriptor.sizeBytes(bytes, at(position));
            return BatchDescriptor.magic(bytes, at(position)) == BatchDescriptor.MAGIC
                    && claimedBytes >= BatchDescriptor.HEADER_BYTES
                    && claimedBytes <= limit - position;
        }

        boolean isZeroFrom(long from) {
            for (long position = from; position < limit; position++) {
                load(position, 1);
                if (bytes.get(at(position)) != 0) {
                    return false;
                }
            }
            return true;
        }

        void copy(long from, StorageFile to) {
            to.truncate(0);
            for (long position = from; position < limit; ) {
                int there = load(position, WINDOW_BYTES);
                ByteBuffer part = bytes.duplicate().position(at(position)).limit(at(position) + there);
                to.write(part, position - from);
                position += there;
            }
            to.force();
        }

        /** Position of the first valid batch at or after a position, -1 when there is none. */
        long nextBatch(long from, long smallestOffset) {
            for (long position = from; position <= limit - BatchDescriptor.HEADER_BYTES; position++) {
                load(position, BatchDescriptor.HEADER_BYTES);
                if (BatchDescriptor.magic(bytes, at(position)) == BatchDescriptor.MAGIC
                        && reasonAgainstBatchAt(position, smallestOffset, Long.MAX_VALUE) == null) {
                    return position;
                }
            }
            return -1;
        }
    }
}
