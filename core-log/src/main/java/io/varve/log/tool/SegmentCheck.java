// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import io.varve.log.LogDirectory;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.batch.RecordCursor;
import io.varve.log.index.IndexFile;
import io.varve.log.index.SegmentSummary;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import io.varve.log.tool.Finding.Kind;
import io.varve.log.walk.BatchWalk;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Verifies one segment and its index.
 *
 * <p>Threading: confined to one thread.
 */
final class SegmentCheck {

    private final long baseOffset;
    private final String name;
    private final Known known;
    private final Consumer<Finding> findings;
    private final long coveredBytes;
    private final @Nullable IndexCheck indexCheck;

    private long batches;
    private long records;
    private long sizeBytes;
    private long endOffset;
    private boolean isBehindDamage;

    SegmentCheck(long baseOffset, IndexFile.@Nullable Inspection index, Known known, Consumer<Finding> findings) {
        this.baseOffset = baseOffset;
        this.name = LogDirectory.logName(baseOffset);
        this.known = known;
        this.findings = findings;
        this.endOffset = baseOffset;
        SegmentSummary summary = index == null ? null : index.summary();
        if (index != null && index.soundBytes() < index.fileBytes()) {
            findings.accept(new Finding(
                    Kind.INDEX,
                    LogDirectory.indexName(baseOffset),
                    index.soundBytes(),
                    "damaged: soundBytes=" + index.soundBytes() + ", sizeBytes=" + index.fileBytes()));
        }
        this.coveredBytes = summary == null ? 0 : summary.sizeBytes();
        this.indexCheck =
                index == null || summary == null ? null : new IndexCheck(baseOffset, index, summary, findings);
    }

    void run(Storage storage, StorageFile file, boolean isLast, boolean wasClosed) {
        sizeBytes = file.sizeBytes();
        boolean mayBeTorn = isLast && !wasClosed;
        BatchWalk walk = new BatchWalk(file, baseOffset, 0, sizeBytes, true);
        while (walk.next()) {
            String reason = walk.reason();
            if (reason == null) {
                batch(walk);
            } else {
                stretch(walk, reason, mayBeTorn);
            }
        }
        if (indexCheck != null) {
            indexCheck.end(storage, sizeBytes);
        }
    }

    private void batch(BatchWalk walk) {
        ByteBuffer header = walk.header();
        int at = walk.headerAt();
        checkOffsets(walk.position(), header, at);
        checkEpoch(walk.position(), header, at);
        if (known.has(LogVerifier.Option.RECORDS)) {
            checkRecords(walk);
            header = walk.header();
            at = walk.headerAt();
        }
        if (indexCheck != null) {
            indexCheck.batch(header, at, walk.position());
        }
        batches++;
        records += BatchDescriptor.recordCount(header, at);
        // From the batch as it is, so that one wrong offset is reported where it stands and not ever after.
        endOffset = BatchDescriptor.lastOffset(header, at) + 1;
        isBehindDamage = false;
    }

    private void checkOffsets(long position, ByteBuffer header, int at) {
        long offset = BatchDescriptor.baseOffset(header, at);
        String detail = "baseOffset=" + offset + ", expected=" + endOffset;
        long lastOffset = BatchDescriptor.lastOffset(header, at);
        if (offset < endOffset || lastOffset < offset || lastOffset - baseOffset > Integer.MAX_VALUE) {
            found(Kind.OFFSETS, position, "the offset is out of order: " + detail);
        } else if (offset > endOffset && !isBehindDamage && offset > known.gapsEndOffset()) {
            found(Kind.GAP, position, "offsets are missing in front of the batch: " + detail);
        }
    }

    private void checkEpoch(long position, ByteBuffer header, int at) {
        Map.Entry<Long, Integer> listed = known.epochs().floorEntry(BatchDescriptor.baseOffset(header, at));
        int epoch = BatchDescriptor.leaderEpoch(header, at);
        if (listed != null && listed.getValue() != epoch) {
            found(
                    Kind.EPOCH,
                    position,
                    "the leader epoch is not the one that is listed: epoch=" + epoch + ", listed=" + listed.getValue());
        }
    }

    private void checkRecords(BatchWalk walk) {
        try {
            ByteBuffer batch = walk.batch();
            RecordCursor cursor = RecordCursor.over(batch);
            long last = BatchDescriptor.baseOffset(batch, 0) - 1;
            while (cursor.next()) {
                if (cursor.offset() <= last || cursor.offset() > BatchDescriptor.lastOffset(batch, 0)) {
                    found(
                            Kind.RECORDS,
                            walk.position(),
                            "the offset of a record is out of order: offset=" + cursor.offset());
                    return;
                }
                last = cursor.offset();
            }
        } catch (InvalidBatchException e) {
            found(Kind.RECORDS, walk.position(), String.valueOf(e.getMessage()));
        }
    }

    private void stretch(BatchWalk walk, String reason, boolean mayBeTorn) {
        boolean isUncoveredTail = walk.endPosition() == sizeBytes && walk.position() >= coveredBytes && mayBeTorn;
        if (isUncoveredTail && (known.has(LogVerifier.Option.IN_USE) || walk.isZeros())) {
            return;
        }
        String detail = reason + ", endPosition=" + walk.endPosition();
        boolean isTorn = isUncoveredTail && !walk.looksLikeBatch();
        found(isTorn ? Kind.TORN_TAIL : Kind.BATCH, walk.position(), detail);
        if (indexCheck != null) {
            indexCheck.damage(walk.endPosition());
        }
        isBehindDamage = true;
    }

    private void found(Kind kind, long position, String detail) {
        findings.accept(new Finding(kind, name, position, detail));
    }

    long batches() {
        return batches;
    }

    long records() {
        return records;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /** One past the last offset; the base offset when there is no batch. */
    long endOffset() {
        return endOffset;
    }
}
