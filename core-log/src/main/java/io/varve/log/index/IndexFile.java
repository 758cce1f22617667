// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.index;

import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The index file of one segment, which is also its checkpoint: every {@link #append} says durably up to where the log file is known.
 *
 * <p>The file is opened for each operation only, so a log keeps no descriptor for it.
 *
 * <p>Threading: one writer, any readers.
 */
public final class IndexFile {

    private final Storage storage;
    private final String name;
    private final long baseOffset;
    private int sizeBytes;
    private int savedEntries;

    /**
     * Names a file, which need not exist.
     *
     * @param storage where it is
     * @param name its name
     * @param baseOffset base offset of its segment
     */
    public IndexFile(Storage storage, String name, long baseOffset) {
        this.storage = storage;
        this.name = name;
        this.baseOffset = baseOffset;
    }

    /**
     * The entries of an index file, and the summary that covers them.
     *
     * @param whole whether nothing stands behind them; when something does, the summary may not be the latest that was written
     */
    public record Loaded(SparseIndex index, SegmentSummary summary, boolean whole) {}

    /** {@return what the end of the file says, the rest not read; null when the file is absent or its header or end is damaged} */
    public @Nullable SegmentSummary summary() {
        if (!storage.exists(name)) {
            return null;
        }
        try (StorageFile file = storage.open(name)) {
            long fileBytes = file.sizeBytes();
            ByteBuffer header = read(file, 0, IndexDescriptor.HEADER_BYTES);
            if (fileBytes > Integer.MAX_VALUE || !IndexDescriptor.isHeader(header, baseOffset)) {
                return null;
            }
            long trailerAt = fileBytes - IndexDescriptor.TRAILER_BYTES;
            return trailerAt < IndexDescriptor.HEADER_BYTES
                    ? null
                    : IndexDescriptor.decodeTrailer(
                            read(file, trailerAt, IndexDescriptor.TRAILER_BYTES), 0, baseOffset, fileBytes);
        }
    }

    /**
     * The entries up to the first damaged block, which later appends replace.
     *
     * @param logSizeBytes length of the log file; blocks about more than that are not believed
     * @return null when there is no sound block
     */
    public @Nullable Loaded load(long logSizeBytes) {
        if (!storage.exists(name)) {
            return null;
        }
        ByteBuffer bytes;
        try (StorageFile file = storage.open(name)) {
            bytes = read(file, 0, (int) Math.min(file.sizeBytes(), Integer.MAX_VALUE));
        }
        if (!IndexDescriptor.isHeader(bytes, baseOffset)) {
            return null;
        }
        SparseIndex index = new SparseIndex();
        SegmentSummary summary = null;
        int at = IndexDescriptor.HEADER_BYTES;
        while (at < bytes.limit()) {
            int blockBytes = IndexDescriptor.decodeBlock(bytes, at, baseOffset, index);
            if (blockBytes == 0) {
                break;
            }
            at += blockBytes;
            SegmentSummary next =
                    IndexDescriptor.decodeTrailer(bytes, at - IndexDescriptor.TRAILER_BYTES, baseOffset, at);
            if (next == null || next.sizeBytes() > logSizeBytes) {
                return null;
            }
            summary = next;
        }
        sizeBytes = at;
        savedEntries = index.entryCount();
        return summary == null ? null : new Loaded(index, summary, at == bytes.limit());
    }

    /**
     * What an index file amounts to, and how much of it is sound.
     *
     * @param fileBytes length of the file
     * @param soundBytes length of header and sound blocks; less than {@code fileBytes} when something behind is damaged
     * @param blockCount number of sound blocks
     * @param index the entries of the sound blocks
     * @param summary what the last sound block covers; null when there is none
     */
    public record Inspection(
            long fileBytes, long soundBytes, int blockCount, SparseIndex index, @Nullable SegmentSummary summary) {}

    /**
     * Looks at all of the file and believes nothing less for it.
     *
     * @return what was found; null when the file is absent
     */
    public @Nullable Inspection inspect() {
        if (!storage.exists(name)) {
            return null;
        }
        ByteBuffer bytes;
        long fileBytes;
        try (StorageFile file = storage.open(name)) {
            fileBytes = file.sizeBytes();
            bytes = read(file, 0, (int) Math.min(fileBytes, Integer.MAX_VALUE));
        }
        SparseIndex index = new SparseIndex();
        SegmentSummary summary = null;
        int at = 0;
        int blockCount = 0;
        if (IndexDescriptor.isHeader(bytes, baseOffset)) {
            at = IndexDescriptor.HEADER_BYTES;
            int blockBytes;
            while ((blockBytes = IndexDescriptor.decodeBlock(bytes, at, baseOffset, index)) > 0) {
                at += blockBytes;
                blockCount++;
                summary = IndexDescriptor.decodeTrailer(bytes, at - IndexDescriptor.TRAILER_BYTES, baseOffset, at);
            }
        }
        return new Inspection(fileBytes, at, blockCount, index, summary);
    }

    /**
     * Adds a block with the entries that the file lacks, up to {@code entryCount}, and makes it durable. The log file must be durable
     * up to the summary.
     *
     * @param index the entries
     * @param entryCount number of entries to be in the file then
     * @param summary what the log file amounts to at this point
     */
    public void append(SparseIndex index, int entryCount, SegmentSummary summary) {
        append(index, entryCount, summary, true);
    }

    /**
     * As {@link #append(SparseIndex, int, SegmentSummary)}, but not durable: for a summary that is true of the log file whether the block
     * is lost or not.
     *
     * @param index the entries
     * @param entryCount number of entries to be in the file then
     * @param summary what the log file amounts to at this point
     */
    public void appendUnforced(SparseIndex index, int entryCount, SegmentSummary summary) {
        append(index, entryCount, summary, false);
    }

    private void append(SparseIndex index, int entryCount, SegmentSummary summary, boolean durable) {
        boolean fresh = sizeBytes == 0;
        int at = fresh ? IndexDescriptor.HEADER_BYTES : sizeBytes;
        int blockBytes = IndexDescriptor.blockBytes(entryCount - savedEntries);
        ByteBuffer out = ByteBuffer.allocate(blockBytes + (fresh ? at : 0));
        if (fresh) {
            IndexDescriptor.encodeHeader(out, baseOffset);
        }
        IndexDescriptor.encodeBlock(out, baseOffset, index, savedEntries, entryCount, summary, at);
        try (StorageFile file = storage.open(name)) {
            file.truncate(sizeBytes);
            file.write(out.flip(), sizeBytes);
            if (durable) {
                file.force();
            }
        }
        sizeBytes = at + blockBytes;
        savedEntries = entryCount;
    }

    /** Deletes the file durably: what the log file holds is about to change below the last summary. */
    public void reset() {
        storage.delete(name);
        storage.force();
        sizeBytes = 0;
        savedEntries = 0;
    }

    private static ByteBuffer read(StorageFile file, long position, int bytes) {
        ByteBuffer out = ByteBuffer.allocate(bytes);
        file.read(out, position);
        return out.flip();
    }
}
