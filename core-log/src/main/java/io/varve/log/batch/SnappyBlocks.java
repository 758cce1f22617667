// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.xerial.snappy.Snappy;

/**
 * Reads snappy data in the framing of snappy-java, or without any framing, which some clients write.
 *
 * <p>The library's own stream allocates what a length in the data claims. Here a block may be no longer than what has come, and may not
 * claim to unpack to more than snappy can pack into its length.
 *
 * <pre>
 *   framed:  0x82 "SNAPPY" 0x00 | version (4) | compatible version (4) | blocks
 *   block:   length (4) | a snappy block
 *   plain:   one snappy block
 * </pre>
 *
 * <p>Threading: confined to one thread.
 */
final class SnappyBlocks extends InputStream {

    private static final byte[] MAGIC = {(byte) 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
    private static final int HEADER_BYTES = 16;

    /** A copy of 64 bytes takes at least two bytes. */
    private static final int MOST_EXPANSION = 32;

    private static final int SMALLEST_ALLOWANCE_BYTES = 1024;

    private final DataInputStream in;
    private final boolean framed;
    private byte[] block = new byte[0];
    private int position;
    private boolean ended;

    SnappyBlocks(InputStream source) throws IOException {
        byte[] head = source.readNBytes(HEADER_BYTES);
        framed = head.length == HEADER_BYTES && Arrays.equals(head, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
        in = new DataInputStream(source);
        if (!framed) {
            byte[] rest = source.readAllBytes();
            byte[] whole = Arrays.copyOf(head, head.length + rest.length);
            System.arraycopy(rest, 0, whole, head.length, rest.length);
            unpack(whole);
            ended = true;
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (position == block.length) {
            if (ended || !next()) {
                return -1;
            }
        }
        int step = Math.min(length, block.length - position);
        System.arraycopy(block, position, target, offset, step);
        position += step;
        return step;
    }

    private boolean next() throws IOException {
        int first = in.read();
        if (first < 0) {
            ended = true;
            return false;
        }
        int length = first << 24 | in.readUnsignedByte() << 16 | in.readUnsignedShort();
        if (length < 0) {
            throw new IOException("snappy block length out of range: length=" + length);
        }
        // Reads in steps, so that a length that is not there costs nothing.
        byte[] packed = in.readNBytes(length);
        if (packed.length < length) {
            throw new EOFException("snappy block cut off: length=" + length + ", bytes=" + packed.length);
        }
        unpack(packed);
        return true;
    }

    private void unpack(byte[] packed) throws IOException {
        if (packed.length == 0) {
            throw new EOFException("snappy block without bytes");
        }
        int claimed = Snappy.uncompressedLength(packed);
        if (claimed < 0 || claimed > (long) packed.length * MOST_EXPANSION + SMALLEST_ALLOWANCE_BYTES) {
            throw new IOException("snappy block claims too much: bytes=" + packed.length + ", unpacked=" + claimed);
        }
        block = new byte[claimed];
        position = 0;
        Snappy.uncompress(packed, 0, packed.length, block, 0);
    }
}
