// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.disk;

import io.varve.coordination.quorum.PeerMessageCodec;
import io.varve.coordination.quorum.PeerMessageException;
import io.varve.coordination.quorum.QuorumSnapshot;
import io.varve.log.CorruptLogException;
import io.varve.replication.OffsetAndEpoch;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The layout of a snapshot's file, big-endian:
 *
 * <pre>
 *   0       4         8             16            20               24          24 + length
 *   +-------+---------+-------------+-------------+----------------+-----------+-------+--------
 *   | "VQSN"| version | end offset  |  end epoch  | voters' length |  voters   |  crc  | chunks
 *   +-------+---------+-------------+-------------+----------------+-----------+-------+--------
 *
 *   chunk:  +--------+-------+-------+
 *           | length |  crc  | bytes |      the last one has length 0
 *           +--------+-------+-------+
 * </pre>
 *
 * The first checksum is CRC-32C of all before it. That of a chunk is CRC-32C of the first and of the bytes of all chunks up to and
 * including this one, so that no chunk can stand in another file or another place.
 */
final class SnapshotDescriptor {

    static final int CHUNK_BYTES = 64 << 10;
    static final int CHUNK_HEADER_BYTES = 8;

    private static final int MAGIC = 0x5651534E;
    private static final int VERSION = 1;
    private static final int FIXED_BYTES = 24;
    private static final int CRC_BYTES = 4;
    private static final int MAX_VOTERS_BYTES = 1 << 20;
    private static final String PREFIX = "snapshot.";

    private SnapshotDescriptor() {}

    static String name(OffsetAndEpoch end) {
        return PREFIX + String.format("%020d", end.offset()) + "-" + end.epoch();
    }

    static boolean isName(String name) {
        return name.matches("snapshot\\.\\d{20}-\\d{1,10}");
    }

    static OffsetAndEpoch end(String name) {
        int dash = name.indexOf('-');
        return new OffsetAndEpoch(
                Long.parseLong(name.substring(PREFIX.length(), dash)), Integer.parseInt(name.substring(dash + 1)));
    }

    static ByteBuffer header(QuorumSnapshot snapshot) {
        ByteBuffer voters = PeerMessageCodec.encodeMembers(snapshot.members());
        ByteBuffer header = ByteBuffer.allocate(FIXED_BYTES + voters.remaining() + CRC_BYTES);
        header.putInt(MAGIC).putInt(VERSION);
        header.putLong(snapshot.end().offset()).putInt(snapshot.end().epoch());
        header.putInt(voters.remaining()).put(voters);
        header.putInt(crc(header, header.position()));
        return header.flip();
    }

    /** Length of the header that begins with these bytes, which are enough to tell. */
    static int headerBytes(ByteBuffer first, String file) {
        if (first.limit() < FIXED_BYTES || first.getInt(0) != MAGIC || first.getInt(4) != VERSION) {
            throw new CorruptLogException(file, 0, "no snapshot of version " + VERSION);
        }
        int votersBytes = first.getInt(20);
        if (votersBytes < 0 || votersBytes > MAX_VOTERS_BYTES) {
            throw new CorruptLogException(file, 20, "length of the voters out of range: bytes=" + votersBytes);
        }
        return FIXED_BYTES + votersBytes + CRC_BYTES;
    }

    static int fixedBytes() {
        return FIXED_BYTES;
    }

    /** What a header, checked here, says. */
    static QuorumSnapshot snapshot(ByteBuffer header, String file) {
        int crcAt = header.limit() - CRC_BYTES;
        if (crc(header, crcAt) != header.getInt(crcAt)) {
            throw new CorruptLogException(file, crcAt, "the checksum of the header does not match");
        }
        OffsetAndEpoch end = new OffsetAndEpoch(header.getLong(8), header.getInt(16));
        if (!name(end).equals(file)) {
            throw new CorruptLogException(file, 8, "a file of another snapshot: end=" + end);
        }
        try {
            ByteBuffer voters = header.slice(FIXED_BYTES, crcAt - FIXED_BYTES);
            return new QuorumSnapshot(end, PeerMessageCodec.decodeMembers(voters));
        } catch (PeerMessageException e) {
            throw new CorruptLogException(file, FIXED_BYTES, String.valueOf(e.getMessage()));
        }
    }

    private static int crc(ByteBuffer bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(0, length));
        return (int) crc.getValue();
    }
}
