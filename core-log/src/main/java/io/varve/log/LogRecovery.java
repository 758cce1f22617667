// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.index.SegmentSummary;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import io.varve.log.walk.BatchWalk;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the segments of a log and what they hold.
 *
 * <p>A segment that the manifest lists is believed unseen, unless it is the last; so what is looked at does not grow with the log. All
 * others are looked at: what an index file covers is durable and is believed, whatever its size; damage in it is found when it is read. What may stand
 * behind is read and every batch is checked: at most the recovery bound of the log, or a whole segment when its index file is absent
 * or wrong. What follows the last valid batch is a torn tail and is cut off, and kept in a quarantine file when it looks like a whole
 * batch that was damaged; a stretch without a valid batch that is followed by valid ones is kept and reported, because what follows
 * may have been acknowledged. That is also so for a hole of zeros, as a loss of power may leave it in a file that was prepared. A segment
 * that begins before the one in front of it ends is not of this log and is renamed.
 *
 * <p>Threading: confined to the thread that opens the log.
 */
final class LogRecovery {

    private static final long NOT_DAMAGED = -1;

    private final Storage storage;
    private final LogConfig config;
    private final EpochHistory epochs;
    private final long storedStart;
    private final long gapsEndOffset;
    private final List<RecoveryReport.Damage> damaged = new ArrayList<>();
    private final List<String> quarantined = new ArrayList<>();

    private Manifest.Entries vouched = Manifest.Entries.NONE;
    private int nextVouched;
    private int believed;
    private boolean manifestIsRight;
    private boolean wasClean = true;
    private long scannedBytes;
    private long truncatedBytes;
    private int rebuiltIndexes;

    /**
     * @param storedStart below it, exclusive, all has been deleted
     * @param gapsEndOffset below it, exclusive, offsets may be missing in the last segment, because it was compacted before it became
     *     the last
     */
    LogRecovery(Storage storage, LogConfig config, EpochHistory epochs, long storedStart, long gapsEndOffset) {
        this.storage = storage;
        this.config = config;
        this.epochs = epochs;
        this.storedStart = storedStart;
        this.gapsEndOffset = gapsEndOffset;
    }

    /** Adds the segments, in order, none held; none when the directory holds none. */
    void addTo(Segments segments, Listing listing, Manifest manifest) {
        for (String name : listing.others()) {
            if (LogFiles.isTemporary(name)) {
                storage.delete(name);
            }
        }
        long[] baseOffsets = listing.baseOffsets();
        wasClean = baseOffsets.length == 0 || storage.exists(LogFiles.CLEAN_CLOSE);
        // Who looks for epochs reads all.
        vouched = storage.exists(LogFiles.EPOCHS) ? manifest.load() : Manifest.Entries.NONE;
        segments.addAll(found(baseOffsets, manifest));
        manifestIsRight = vouched.count() == believed
                && segments.all().size() == believed + 1
                && !segments.active().isVouchedFor();
        if (!manifestIsRight) {
            // It may list the segment that is appended to from here on.
            manifest.drop();
        }
        if (!storage.exists(LogFiles.EPOCHS)) {
            segments.all().forEach(this::findEpochs);
        }
    }

    private List<Segment> found(long[] baseOffsets, Manifest manifest) {
        List<Segment> found = new ArrayList<>(baseOffsets.length);
        long foundEnd = 0;
        for (int i = 0; i < baseOffsets.length; i++) {
            long baseOffset = baseOffsets[i];
            boolean last = i == baseOffsets.length - 1;
            SegmentSummary summary = vouchedFor(baseOffset);
            if (baseOffset < foundEnd) {
                quarantine(baseOffset);
                continue;
            }
            Segment segment = Segment.existing(storage, baseOffset, config.indexIntervalBytes());
            if (summary != null && !last) {
                segment.believe(summary, manifest);
                believed++;
            } else {
                lookAt(segment, last ? Long.MAX_VALUE : baseOffsets[i + 1], last);
            }
            found.add(segment);
            foundEnd = segment.endOffset();
        }
        vouchedFor(Long.MAX_VALUE);
        return found;
    }

    /** What the manifest says of a segment, null when nothing. Asked in the order of the base offsets; notes what it lists between. */
    private @Nullable SegmentSummary vouchedFor(long baseOffset) {
        while (nextVouched < vouched.count() && vouched.baseOffset(nextVouched) < baseOffset) {
            missing(vouched.baseOffset(nextVouched), vouched.summary(nextVouched));
            nextVouched++;
        }
        boolean isListed = nextVouched < vouched.count() && vouched.baseOffset(nextVouched) == baseOffset;
        return isListed ? vouched.summary(nextVouched++) : null;
    }

    /** A segment that is listed and not there was deleted, by us when it ended before the start. */
    private void missing(long baseOffset, SegmentSummary summary) {
        if (summary.endOffset() > storedStart && summary.sizeBytes() > 0) {
            damaged.add(new RecoveryReport.Damage(
                    LogFiles.segment(baseOffset, LogFiles.LOG),
                    0,
                    summary.sizeBytes(),
                    "the file is missing: baseOffset=" + baseOffset + ", endOffset=" + summary.endOffset()));
        }
    }

    /** Whether the manifest lists all segments but the last, and no other. */
    boolean isManifestRight() {
        return manifestIsRight;
    }

    private void lookAt(Segment segment, long endOffset, boolean last) {
        whileHeld(segment, () -> {
            long fileBytes = segment.file().sizeBytes();
            if (!segment.adopt(fileBytes)) {
                recover(segment, fileBytes, last ? gapsEndOffset : Long.MAX_VALUE, endOffset);
                segment.seal();
            }
        });
    }

    private void findEpochs(Segment segment) {
        whileHeld(segment, () -> {
            BatchScan scan = segment.scan(0, segment.sizeBytes());
            while (scan.next()) {
                noteEpoch(scan.header(), scan.headerAt());
            }
        });
    }

    /** Opens a segment's file for as long as it is looked at: a log may have thousands. */
    private static void whileHeld(Segment segment, Runnable look) {
        segment.hold();
        try {
            look.run();
        } finally {
            segment.release();
            segment.letGo();
        }
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

    /** Below {@code gapsEnd} offsets may be missing; all are below {@code endOffset}. */
    private void recover(Segment segment, long fileBytes, long gapsEnd, long endOffset) {
        long limit = segment.resume(fileBytes);
        if (segment.isEmpty() && fileBytes > 0 && wasClean) {
            rebuiltIndexes++;
        }
        scannedBytes += limit - segment.sizeBytes();
        OrderedWalk walk = new OrderedWalk(
                segment.file(),
                segment.baseOffset(),
                segment.sizeBytes(),
                limit,
                segment.endOffset(),
                gapsEnd,
                Math.min(endOffset, segment.baseOffset() + Integer.MAX_VALUE));
        long damagedFrom = NOT_DAMAGED;
        String damage = "";
        while (walk.next()) {
            String reason = walk.reason();
            if (reason == null) {
                if (damagedFrom != NOT_DAMAGED) {
                    damaged.add(new RecoveryReport.Damage(segment.name(), damagedFrom, walk.position(), damage));
                    damagedFrom = NOT_DAMAGED;
                }
                noteEpoch(walk.header(), 0);
                segment.note(walk.header(), 0, walk.position());
            } else if (damagedFrom == NOT_DAMAGED) {
                damagedFrom = walk.position();
                damage = reason;
            }
        }
        if (damagedFrom != NOT_DAMAGED) {
            cutTail(segment, walk.bytes(), damagedFrom);
        } else if (limit < fileBytes) {
            segment.cutBack();
        }
    }

    /** Cuts off what no valid batch follows; space that was prepared and never written is not worth a word. */
    private void cutTail(Segment segment, BatchWalk walk, long from) {
        long dataEnd = walk.dataEnd(from);
        if (dataEnd > from) {
            truncatedBytes += dataEnd - from;
            if (walk.claimsBatch(from, dataEnd)) {
                String aside = segment.name() + "." + from + LogFiles.QUARANTINE;
                try (StorageFile copy = storage.open(aside)) {
                    walk.copy(from, dataEnd, copy);
                }
                quarantined.add(aside);
            }
        }
        segment.cutBack();
        segment.file().force();
    }
}
