// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.tree.TreeFormat;
import java.nio.ByteBuffer;

/**
 * The payload of an entry of the quorum's log: who waits for what comes of a command, and the command with the time at which it was ordered.
 * All numbers are big-endian.
 *
 * <pre>
 *  0        1           5               13            21
 *  +--------+-----------+---------------+-------------+------------------------------
 *  | format | member, 4 | incarnation,8 | sequence, 8 | entry of the tree, TreeFormat
 *  +--------+-----------+---------------+-------------+------------------------------
 * </pre>
 *
 * <p>Threading: immutable, as long as nobody moves the buffer.
 *
 * @param origin the member whose client or whose own need it is
 * @param sequence number among the commands of its origin; consecutive
 * @param entry the bytes of a {@link io.varve.coordination.tree.TreeEntry} from position to limit
 */
record CommandEntry(Origin origin, long sequence, ByteBuffer entry) {

    private static final byte FORMAT = 1;
    private static final int HEADER_BYTES = 1 + 4 + 8 + 8;

    /** The payload, with the time at which the leader orders it. */
    ByteBuffer encode(long timeMs) {
        ByteBuffer payload = ByteBuffer.allocate(HEADER_BYTES + entry.remaining())
                .put(FORMAT)
                .putInt(origin.member())
                .putLong(origin.incarnation())
                .putLong(sequence)
                .put(entry.duplicate());
        TreeFormat.stamp(payload.slice(HEADER_BYTES, entry.remaining()), timeMs);
        return payload.flip();
    }

    /**
     * Reads a payload; the entry shares its bytes.
     *
     * @throws IllegalStateException when a newer version wrote it, or it is cut off
     */
    static CommandEntry decode(ByteBuffer payload) {
        ByteBuffer bytes = payload.duplicate();
        if (bytes.remaining() < HEADER_BYTES) {
            throw new IllegalStateException(
                    "an entry of the quorum's log is cut off: bytes=" + bytes.remaining() + ", least=" + HEADER_BYTES);
        }
        byte format = bytes.get();
        if (format != FORMAT) {
            throw new IllegalStateException("an entry of the quorum's log has an unknown format: format=" + format
                    + ", known=" + FORMAT + "; run this member with the version that the others run");
        }
        Origin origin = new Origin(bytes.getInt(), bytes.getLong());
        return new CommandEntry(origin, bytes.getLong(), bytes.slice());
    }
}
