// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import io.varve.log.LogDirectory;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.index.IndexFile;
import io.varve.log.index.KafkaIndexes;
import io.varve.log.index.SegmentSummary;
import io.varve.log.index.SparseIndex;
import io.varve.log.storage.Storage;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Holds the index of a segment against the batches, which are shown to it in their order.
 *
 * <p>Threading: confined to one thread.
 */
final class IndexCheck {

    private final String name;
    private final long baseOffset;
    private final SparseIndex index;
    private final SegmentSummary summary;
    private final Consumer<Finding> findings;

    private int entry;
    private long maxTimestampMs = BatchDescriptor.NO_TIMESTAMP;
    private long maxTimestampOffset = -1;
    private boolean isSummaryMet;
    private boolean isBlind;

    IndexCheck(long baseOffset, IndexFile.Inspection index, SegmentSummary summary, Consumer<Finding> findings) {
        this.name = LogDirectory.indexName(baseOffset);
        this.baseOffset = baseOffset;
        this.index = index.index();
        this.summary = summary;
        this.findings = findings;
        this.isSummaryMet = summary.sizeBytes() == 0;
    }

    /** A valid batch stands here. */
    void batch(ByteBuffer header, int at, long position) {
        long lastOffset = BatchDescriptor.lastOffset(header, at);
        long timestampMs = BatchDescriptor.maxTimestampMs(header, at);
        if (timestampMs > maxTimestampMs) {
            maxTimestampMs = timestampMs;
            maxTimestampOffset = lastOffset;
        }
        skipTo(position);
        if (entry < index.entryCount() && index.position(entry) == position) {
            checkEntry(BatchDescriptor.baseOffset(header, at), lastOffset);
            entry++;
        }
        long end = position + BatchDescriptor.sizeBytes(header, at);
        if (end == summary.sizeBytes()) {
            isSummaryMet = true;
            checkSummary(lastOffset + 1);
        }
    }

    /** A stretch without a valid batch ends here: what its batches contributed cannot be known. */
    void damage(long endPosition) {
        isBlind = true;
        isSummaryMet |= endPosition >= summary.sizeBytes();
        while (entry < index.entryCount() && index.position(entry) < endPosition) {
            entry++;
        }
    }

    void end(Storage storage, long fileBytes) {
        skipTo(Long.MAX_VALUE);
        if (fileBytes < summary.sizeBytes()) {
            wrong("the segment is shorter than what its index covers: coveredBytes=" + summary.sizeBytes()
                    + ", sizeBytes=" + fileBytes);
        } else if (!isSummaryMet) {
            wrong("no batch ends where the index says: coveredBytes=" + summary.sizeBytes());
        } else if (summary.recoveryBytes() == 0 && summary.sizeBytes() == fileBytes && !isBlind) {
            kafka(storage, LogDirectory.kafkaOffsetIndexName(baseOffset), KafkaIndexes.offsets(index));
            int relativeOffset = (int) (summary.maxTimestampOffset() - baseOffset);
            var sealedEnd = new KafkaIndexes.SealedEnd(summary.maxTimestampMs(), relativeOffset);
            kafka(storage, LogDirectory.kafkaTimeIndexName(baseOffset), KafkaIndexes.times(index, sealedEnd));
        }
    }

    private void kafka(Storage storage, String file, ByteBuffer expected) {
        if (!KafkaIndexes.agrees(storage, file, expected)) {
            findings.accept(new Finding(Finding.Kind.KAFKA_INDEX, file, 0, "does not agree with the sealed segment"));
        }
    }

    private void skipTo(long position) {
        while (entry < index.entryCount() && index.position(entry) < position) {
            wrong("an entry points to where no batch begins: position=" + index.position(entry));
            entry++;
        }
    }

    private void checkEntry(long batchOffset, long lastOffset) {
        long offset = baseOffset + index.relativeOffset(entry);
        // Behind damage an entry is found by the first offset of its batch.
        if (offset != lastOffset && offset != batchOffset) {
            wrong("an entry has another offset than its batch: position=" + index.position(entry) + ", offset=" + offset
                    + ", lastOffset=" + lastOffset);
        }
        long timestampOffset = baseOffset + index.maxTimestampRelativeOffset(entry);
        if (!isBlind && (index.maxTimestampMs(entry) != maxTimestampMs || timestampOffset != maxTimestampOffset)) {
            wrong("an entry has another largest timestamp than the batches: position=" + index.position(entry)
                    + ", timestampMs=" + index.maxTimestampMs(entry) + ", found=" + maxTimestampMs);
        }
    }

    private void checkSummary(long endOffset) {
        if (summary.endOffset() != endOffset) {
            wrong("the end offset is another: endOffset=" + summary.endOffset() + ", found=" + endOffset);
        }
        boolean same = summary.maxTimestampMs() == maxTimestampMs && summary.maxTimestampOffset() == maxTimestampOffset;
        if (!isBlind && !same) {
            wrong("the largest timestamp is another: timestampMs=" + summary.maxTimestampMs() + " at "
                    + summary.maxTimestampOffset() + ", found=" + maxTimestampMs + " at " + maxTimestampOffset);
        }
    }

    private void wrong(String detail) {
        findings.accept(new Finding(Finding.Kind.INDEX, name, 0, detail));
    }
}
