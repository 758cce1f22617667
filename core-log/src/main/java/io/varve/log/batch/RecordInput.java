// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The records of a batch as a run of bytes, decompressed or not. Whatever is malformed is an {@link InvalidBatchException}.
 *
 * <p>Threading: confined to the thread of the cursor.
 */
abstract class RecordInput implements AutoCloseable {

    private static final int MAX_VARINT_BYTES = 5;
    private static final int MAX_VARLONG_BYTES = 10;

    /** Bytes taken so far. */
    long taken;

    /** The next byte, or -1 at the end. */
    abstract int read();

    /** Passes over {@code count} bytes. */
    abstract void skip(int count);

    /** The next {@code count} bytes as a view. */
    abstract ByteBuffer view(int count);

    /** Lets go of what the codec holds outside the heap. Views stay valid. */
    @Override
    public abstract void close();

    final byte readByte() {
        int b = read();
        if (b < 0) {
            throw malformed("the records end too early");
        }
        return (byte) b;
    }

    /** A zigzag varint. */
    final int readVarint() {
        long raw = readRaw(MAX_VARINT_BYTES);
        if (raw >>> 32 != 0) {
            throw malformed("varint larger than 32 bits");
        }
        int value = (int) raw;
        return (value >>> 1) ^ -(value & 1);
    }

    /** A zigzag varint of up to 64 bits. */
    final long readVarlong() {
        long raw = readRaw(MAX_VARLONG_BYTES);
        return (raw >>> 1) ^ -(raw & 1);
    }

    long readRaw(int maxBytes) {
        long raw = 0;
        for (int i = 0; i < maxBytes; i++) {
            byte b = readByte();
            raw |= (long) (b & 0x7f) << (7 * i);
            if (b >= 0) {
                return raw;
            }
        }
        throw tooLong(maxBytes);
    }

    private static InvalidBatchException tooLong(int maxBytes) {
        return malformed("varint longer than " + maxBytes + " bytes");
    }

    static InvalidBatchException malformed(String what) {
        return new InvalidBatchException(InvalidBatchException.Reason.RECORDS, what);
    }

    /** Records that are not compressed: views into the batch itself. */
    static final class OfBuffer extends RecordInput {

        private final ByteBuffer buffer;
        private final int limit;

        OfBuffer(ByteBuffer buffer) {
            this.buffer = buffer;
            this.limit = buffer.limit();
        }

        @Override
        int read() {
            return taken < limit ? buffer.get((int) taken++) & 0xff : -1;
        }

        @Override
        long readRaw(int maxBytes) {
            int at = (int) taken;
            long raw = 0;
            for (int shift = 0; shift < 7 * maxBytes; shift += 7) {
                if (at == limit) {
                    throw malformed("the records end too early");
                }
                byte b = buffer.get(at++);
                raw |= (long) (b & 0x7f) << shift;
                if (b >= 0) {
                    taken = at;
                    return raw;
                }
            }
            throw tooLong(maxBytes);
        }

        @Override
        void skip(int count) {
            require(count);
            taken += count;
        }

        @Override
        ByteBuffer view(int count) {
            require(count);
            ByteBuffer view = viewAt(taken, count);
            taken += count;
            return view;
        }

        /** Bytes that were passed over, as a view. */
        ByteBuffer viewAt(long position, int count) {
            return buffer.slice((int) position, count);
        }

        @Override
        public void close() {
            // Holds nothing.
        }

        private void require(int count) {
            if (count > limit - taken) {
                throw malformed("field longer than the records: bytes=" + count + ", left=" + (limit - taken));
            }
        }
    }

    /** Records that come out of a codec. */
    static final class OfStream extends RecordInput {

        private static final int BUFFER_BYTES = 8 * 1024;

        private final InputStream in;
        private final long maxBytes;
        private final byte[] buffer = new byte[BUFFER_BYTES];
        private long unpackedBytes;
        private int position;
        private int limit;

        /** Whatever the data unpacks to, no more than {@code maxBytes} of it are taken. */
        OfStream(InputStream in, long maxBytes) {
            this.in = in;
            this.maxBytes = maxBytes;
        }

        @Override
        int read() {
            if (position == limit && !fill()) {
                return -1;
            }
            taken++;
            return buffer[position++] & 0xff;
        }

        @Override
        void skip(int count) {
            int left = count;
            while (left > 0) {
                left -= advance(left);
            }
        }

        /** Grows as the bytes come: what a length claims costs nothing. */
        @Override
        ByteBuffer view(int count) {
            byte[] bytes = new byte[Math.min(count, BUFFER_BYTES)];
            int have = 0;
            while (have < count) {
                if (have == bytes.length) {
                    bytes = Arrays.copyOf(bytes, (int) Math.min(count, 2L * bytes.length));
                }
                int step = advance(Math.min(count, bytes.length) - have);
                System.arraycopy(buffer, position - step, bytes, have, step);
                have += step;
            }
            return ByteBuffer.wrap(bytes);
        }

        private int advance(int wanted) {
            if (position == limit && !fill()) {
                throw malformed("the records end too early");
            }
            int step = Math.min(wanted, limit - position);
            position += step;
            taken += step;
            return step;
        }

        @Override
        public void close() {
            try {
                in.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private boolean fill() {
            try {
                position = 0;
                limit = Math.max(0, in.read(buffer, 0, buffer.length));
            } catch (IOException | RuntimeException e) {
                throw new InvalidBatchException(
                        InvalidBatchException.Reason.RECORDS, "the records cannot be decompressed", e);
            }
            unpackedBytes += limit;
            if (unpackedBytes > maxBytes) {
                throw new InvalidBatchException(
                        InvalidBatchException.Reason.TOO_LARGE, "the records unpack to more than maxBytes=" + maxBytes);
            }
            return limit > 0;
        }
    }
}
