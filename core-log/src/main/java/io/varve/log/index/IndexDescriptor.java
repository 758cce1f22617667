// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.index;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The layout of an index file. All numbers are big-endian.
 *
 * <pre>
 *   header, 64 bytes
 *      0  magic "VIDX"          4  version (1)
 *      8  CRC-32C of 12 to 64  12  entry count
 *     16  length of the log file that is covered, bytes
 *     24  end offset of the segment
 *     32  largest timestamp, ms
 *     40  last offset of the first batch that has it
 *     48  zero
 *   pages, each of up to 204 entries; all but the last are full
 *      0  CRC-32C of what follows   4  entry count of the page
 *      8  entries, 20 bytes each
 *           0  last offset of a batch, minus the base offset of the segment
 *           4  position of the batch in the log file
 *           8  largest timestamp of the batches up to this one, inclusive, ms
 *          16  last offset of the first batch that has it, minus the base offset of the segment
 * </pre>
 */
final class IndexDescriptor {

    static final int MAGIC = 0x56494458;
    static final int VERSION = 1;
    static final int HEADER_BYTES = 64;
    static final int PAGE_HEADER_BYTES = 8;
    static final int ENTRY_BYTES = 20;
    static final int PAGE_ENTRIES = 204;

    private static final int CRC = 8;
    private static final int CRC_FROM = 12;

    private IndexDescriptor() {}

    static int fileBytes(int entryCount) {
        int pages = (entryCount + PAGE_ENTRIES - 1) / PAGE_ENTRIES;
        return HEADER_BYTES + pages * PAGE_HEADER_BYTES + entryCount * ENTRY_BYTES;
    }

    static ByteBuffer encode(SparseIndex index, SegmentSummary summary) {
        int count = index.entryCount();
        ByteBuffer out = ByteBuffer.allocate(fileBytes(count));
        out.putInt(MAGIC).putInt(VERSION).putInt(0).putInt(count);
        out.putLong(summary.sizeBytes()).putLong(summary.endOffset());
        out.putLong(summary.maxTimestampMs()).putLong(summary.maxTimestampOffset());
        out.putInt(CRC, crc(out, CRC_FROM, HEADER_BYTES));
        out.position(HEADER_BYTES);
        for (int first = 0; first < count; first += PAGE_ENTRIES) {
            int pageAt = out.position();
            int pageCount = Math.min(PAGE_ENTRIES, count - first);
            out.putInt(0).putInt(pageCount);
            for (int i = first; i < first + pageCount; i++) {
                out.putInt(index.relativeOffset(i)).putInt(index.position(i));
                out.putLong(index.maxTimestampMs(i)).putInt(index.maxTimestampRelativeOffset(i));
            }
            out.putInt(pageAt, crc(out, pageAt + 4, out.position()));
        }
        return out.flip();
    }

    /** The summary, when the bytes are a whole and sound index file. */
    static @Nullable SegmentSummary decode(ByteBuffer in, SparseIndex into) {
        if (in.remaining() < HEADER_BYTES
                || in.getInt(0) != MAGIC
                || in.getInt(4) != VERSION
                || in.getInt(CRC) != crc(in, CRC_FROM, HEADER_BYTES)) {
            return null;
        }
        int count = in.getInt(12);
        if (count < 0 || count > in.remaining() / ENTRY_BYTES || in.remaining() != fileBytes(count)) {
            return null;
        }
        int at = HEADER_BYTES;
        for (int first = 0; first < count; first += PAGE_ENTRIES) {
            int pageCount = Math.min(PAGE_ENTRIES, count - first);
            int end = at + PAGE_HEADER_BYTES + pageCount * ENTRY_BYTES;
            if (in.getInt(at) != crc(in, at + 4, end) || in.getInt(at + 4) != pageCount) {
                return null;
            }
            for (int entry = at + PAGE_HEADER_BYTES; entry < end; entry += ENTRY_BYTES) {
                into.add(in.getInt(entry), in.getInt(entry + 4), in.getLong(entry + 8), in.getInt(entry + 16));
            }
            at = end;
        }
        return new SegmentSummary(in.getLong(16), in.getLong(24), in.getLong(32), in.getLong(40));
    }

    private static int crc(ByteBuffer buffer, int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.duplicate().limit(to).position(from));
        return (int) crc.getValue();
    }
}
