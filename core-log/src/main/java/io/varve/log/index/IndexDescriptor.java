// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.index;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The layout of an index file. It grows by one block at every checkpoint of its segment, so it also says how much of the log file is
 * known to be durable; the last 48 bytes are always the trailer of the last block. All numbers are big-endian.
 *
 * <pre>
 *   header, 24 bytes
 *      0  magic "VIDX"          4  version (2)
 *      8  base offset of the segment
 *     16  zero                 20  CRC-32C of 0 to 20
 *   blocks
 *      0  CRC-32C of 4 to the trailer, and of the base offset
 *      4  entry count           8  entries, 20 bytes each
 *           0  last offset of a batch, minus the base offset of the segment
 *           4  position of the batch in the log file
 *           8  largest timestamp of the batches up to this one, inclusive, ms
 *          16  last offset of the first batch that has it, minus the base offset of the segment
 *      trailer, 48 bytes
 *           0  length of the log file that is covered, bytes
 *           8  end offset of what is covered
 *          16  largest timestamp, ms
 *          24  last offset of the first batch that has it
 *          32  how far beyond the covered length batches may stand, bytes
 *          40  end of this block in the index file
 *          44  CRC-32C of 0 to 44, and of the base offset
 * </pre>
 */
final class IndexDescriptor {

    static final int MAGIC = 0x56494458;
    static final int VERSION = 2;
    static final int HEADER_BYTES = 24;
    static final int BLOCK_HEADER_BYTES = 8;
    static final int ENTRY_BYTES = 20;
    static final int TRAILER_BYTES = 48;

    private static final int HEADER_CRC = 20;
    private static final int TRAILER_END = 40;
    private static final int TRAILER_CRC = 44;

    private IndexDescriptor() {}

    static int blockBytes(int entryCount) {
        return BLOCK_HEADER_BYTES + entryCount * ENTRY_BYTES + TRAILER_BYTES;
    }

    /** Adds the header of a new index file. */
    static void encodeHeader(ByteBuffer out, long baseOffset) {
        int at = out.position();
        out.putInt(MAGIC).putInt(VERSION).putLong(baseOffset).putInt(0);
        out.putInt(crc(baseOffset, out, at, at + HEADER_CRC));
    }

    /** Adds a block with a range of entries, end exclusive; {@code filePosition} is where it will stand in the file. */
    static void encodeBlock(
            ByteBuffer out,
            long baseOffset,
            SparseIndex index,
            int firstEntry,
            int endEntry,
            SegmentSummary summary,
            int filePosition) {
        int at = out.position();
        int count = endEntry - firstEntry;
        out.putInt(0).putInt(count);
        for (int i = firstEntry; i < endEntry; i++) {
            out.putInt(index.relativeOffset(i)).putInt(index.position(i));
            out.putLong(index.maxTimestampMs(i)).putInt(index.maxTimestampRelativeOffset(i));
        }
        out.putInt(at, crc(baseOffset, out, at + 4, out.position()));
        int trailer = out.position();
        out.putLong(summary.sizeBytes()).putLong(summary.endOffset());
        out.putLong(summary.maxTimestampMs()).putLong(summary.maxTimestampOffset());
        out.putLong(summary.recoveryBytes()).putInt(filePosition + blockBytes(count));
        out.putInt(crc(baseOffset, out, trailer, trailer + TRAILER_CRC));
    }

    static boolean isHeader(ByteBuffer in, long baseOffset) {
        return in.limit() >= HEADER_BYTES
                && in.getInt(0) == MAGIC
                && in.getInt(4) == VERSION
                && in.getLong(8) == baseOffset
                && in.getInt(HEADER_CRC) == crc(baseOffset, in, 0, HEADER_CRC);
    }

    /** What the trailer that ends at {@code filePosition} of the index file and stands at {@code at} says; null when it is none. */
    static @Nullable SegmentSummary decodeTrailer(ByteBuffer in, int at, long baseOffset, long filePosition) {
        if (at < 0
                || at + TRAILER_BYTES > in.limit()
                || in.getInt(at + TRAILER_CRC) != crc(baseOffset, in, at, at + TRAILER_CRC)
                || in.getInt(at + TRAILER_END) != filePosition) {
            return null;
        }
        return new SegmentSummary(
                in.getLong(at), in.getLong(at + 8), in.getLong(at + 16), in.getLong(at + 24), in.getLong(at + 32));
    }

    /** Length of the block at a position when it is whole and sound, and takes its entries; 0 otherwise. */
    static int decodeBlock(ByteBuffer in, int at, long baseOffset, SparseIndex into) {
        if (in.limit() - at < blockBytes(0)) {
            return 0;
        }
        int count = in.getInt(at + 4);
        if (count < 0 || count > (in.limit() - at - blockBytes(0)) / ENTRY_BYTES) {
            return 0;
        }
        int end = at + BLOCK_HEADER_BYTES + count * ENTRY_BYTES;
        if (in.getInt(at) != crc(baseOffset, in, at + 4, end)
                || decodeTrailer(in, end, baseOffset, end + TRAILER_BYTES) == null) {
            return 0;
        }
        for (int entry = at + BLOCK_HEADER_BYTES; entry < end; entry += ENTRY_BYTES) {
            into.add(in.getInt(entry), in.getInt(entry + 4), in.getLong(entry + 8), in.getInt(entry + 16));
        }
        return blockBytes(count);
    }

    /** The base offset goes into every checksum, so that another segment's index is none of this one's. */
    private static int crc(long baseOffset, ByteBuffer buffer, int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(Long.BYTES).putLong(baseOffset).flip());
        crc.update(buffer.duplicate().limit(to).position(from));
        return (int) crc.getValue();
    }
}
