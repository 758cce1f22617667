// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.index.SegmentSummary;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The layout of the manifest, big-endian.
 *
 * <pre>
 *   header, 16 bytes
 *      0  "VMAN"
 *      4  version
 *      8  number of entries
 *     12  CRC-32C of all other bytes of the file
 *   entry, 40 bytes, ascending by base offset
 *      0  base offset of the segment
 *      8  length of its log file, bytes
 *     16  its end offset
 *     24  its largest timestamp, ms, -1 for none
 *     32  last offset of the first batch that has it, -1 for none
 * </pre>
 */
final class ManifestDescriptor {

    static final int MAGIC = 0x564d414e;
    static final int VERSION = 1;
    static final int HEADER_BYTES = 16;
    static final int ENTRY_BYTES = 40;
    static final int ENTRY_LONGS = ENTRY_BYTES / Long.BYTES;

    private static final int CRC = 12;

    private ManifestDescriptor() {}

    static ByteBuffer allocate(int entryCount) {
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + entryCount * ENTRY_BYTES);
        return out.putInt(MAGIC).putInt(VERSION).putInt(entryCount).putInt(0);
    }

    static void encode(ByteBuffer out, long baseOffset, SegmentSummary summary) {
        out.putLong(baseOffset).putLong(summary.sizeBytes()).putLong(summary.endOffset());
        out.putLong(summary.maxTimestampMs()).putLong(summary.maxTimestampOffset());
    }

    /** Completes what was allocated and has all of its entries. */
    static ByteBuffer complete(ByteBuffer out) {
        return out.putInt(CRC, crc(out)).flip();
    }

    /**
     * The longs of all entries, one entry after the other; null when the bytes are no manifest. In bulk: opening a log does it for all
     * segments, mostly in a process that has compiled nothing yet.
     */
    static long @Nullable [] decode(ByteBuffer file) {
        int entryCount = (file.limit() - HEADER_BYTES) / ENTRY_BYTES;
        if (file.limit() < HEADER_BYTES
                || file.limit() != HEADER_BYTES + entryCount * ENTRY_BYTES
                || file.getInt(0) != MAGIC
                || file.getInt(4) != VERSION
                || file.getInt(8) != entryCount
                || file.getInt(CRC) != crc(file)) {
            return null;
        }
        long[] longs = new long[entryCount * ENTRY_LONGS];
        file.position(HEADER_BYTES).asLongBuffer().get(longs);
        return longs;
    }

    static SegmentSummary summary(long[] longs, int entry) {
        int at = entry * ENTRY_LONGS;
        return new SegmentSummary(longs[at + 1], longs[at + 2], longs[at + 3], longs[at + 4], 0);
    }

    private static int crc(ByteBuffer file) {
        CRC32C crc = new CRC32C();
        crc.update(file.slice(0, CRC));
        crc.update(file.slice(HEADER_BYTES, file.limit() - HEADER_BYTES));
        return (int) crc.getValue();
    }
}
