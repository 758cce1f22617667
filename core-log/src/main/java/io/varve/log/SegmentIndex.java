// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.log.index.IndexFile;
import io.varve.log.index.KafkaIndexes;
import io.varve.log.index.SegmentSummary;
import io.varve.log.index.SparseIndex;
import io.varve.log.storage.Storage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The sparse index of a segment: its entries, in memory while they are needed, its file, and the files that Kafka's tools want.
 *
 * <p>Threading: one writer, any readers, who may be the first to need the entries.
 */
final class SegmentIndex {

    private final Storage storage;
    private final long baseOffset;
    private final String name;
    private final IndexFile file;

    private volatile @Nullable SparseIndex entries;

    @GuardedBy("this")
    private boolean deleted;

    /**
     * @param suffix behind the name of the file; empty when it is that of a segment of the log
     */
    SegmentIndex(Storage storage, long baseOffset, String suffix) {
        this.storage = storage;
        this.baseOffset = baseOffset;
        // Not with plus: see Segment.
        this.name = LogFiles.segment(baseOffset, LogFiles.SPARSE_INDEX.concat(suffix));
        this.file = new IndexFile(storage, name, baseOffset);
    }

    /** The entries, null when they are not in memory. */
    @Nullable
    SparseIndex entries() {
        return entries;
    }

    /** Goes on with these entries, whatever the file says. */
    void entries(SparseIndex replacement) {
        this.entries = replacement;
    }

    /**
     * The entries, read from the file.
     *
     * @param sizeBytes what they must cover
     * @param rebuild makes them anew when the file does not say so
     */
    synchronized SparseIndex load(long sizeBytes, Supplier<SparseIndex> rebuild) {
        SparseIndex current = entries;
        if (current != null) {
            return current;
        }
        // What has the name of a file that was deleted may be another segment's.
        IndexFile.Loaded loaded = deleted ? null : file.load(sizeBytes);
        SparseIndex found =
                loaded != null && loaded.summary().sizeBytes() == sizeBytes ? loaded.index() : rebuild.get();
        entries = found;
        return found;
    }

    /** Takes over what the file proves of a segment in a file of that length; null when it proves nothing. */
    IndexFile.@Nullable Loaded resume(long fileBytes) {
        IndexFile.Loaded loaded = file.load(fileBytes);
        if (loaded != null) {
            entries = loaded.index();
        }
        return loaded;
    }

    /** Lets go of the entries until they are needed. */
    void rest() {
        entries = null;
    }

    /** What the end of the file says, null when it cannot be believed. */
    @Nullable
    SegmentSummary summary() {
        return file.summary();
    }

    /** Says in the file what the segment amounts to, durably, and so many of its entries. */
    void append(SparseIndex current, int entryCount, SegmentSummary summary) {
        file.append(current, entryCount, summary);
    }

    /** The same, not durable, with all entries. */
    void appendUnforced(SparseIndex current, SegmentSummary summary) {
        file.appendUnforced(current, current.entryCount(), summary);
    }

    /** Deletes the file, durably: what it says is about to be wrong. */
    void reset() {
        file.reset();
    }

    /** Writes the indexes for Kafka's tools. */
    void saveKafkaIndexes(SparseIndex current, KafkaIndexes.SealedEnd end) {
        KafkaIndexes.save(
                storage,
                LogFiles.segment(baseOffset, LogFiles.KAFKA_OFFSET_INDEX),
                LogFiles.segment(baseOffset, LogFiles.KAFKA_TIME_INDEX),
                current,
                end);
    }

    void deleteKafkaIndexes() {
        storage.delete(LogFiles.segment(baseOffset, LogFiles.KAFKA_OFFSET_INDEX));
        storage.delete(LogFiles.segment(baseOffset, LogFiles.KAFKA_TIME_INDEX));
    }

    /** Deletes all files; the entries are made anew for those who still read the segment. */
    synchronized void delete() {
        deleted = true;
        storage.delete(name);
        deleteKafkaIndexes();
    }

    /** Deletes the file of a segment that never became one of the log. */
    void discard() {
        storage.delete(name);
    }
}
