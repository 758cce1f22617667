// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the bytes of one connection into frames.
 *
 * <p>A frame that has come as a whole is a slice of what was received; one that comes in pieces is collected in a buffer that grows
 * with what arrives, so a length costs nothing until its bytes are there.
 *
 * <p>Threading: confined to the connection's event loop.
 */
final class FrameReader {

    private static final int LENGTH_BYTES = 4;
    private static final int INITIAL_BYTES = 64 * 1024;

    private final int maxFrameBytes;
    private final ByteBufAllocator allocator;

    private int lengthSoFar;
    private int lengthBytes;
    private @Nullable ByteBuf collecting;

    FrameReader(int maxFrameBytes, ByteBufAllocator allocator) {
        this.maxFrameBytes = maxFrameBytes;
        this.allocator = allocator;
    }

    /** Signals a length that no frame can have. */
    static final class BadLengthException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        BadLengthException(String message) {
            super(message);
        }
    }

    /**
     * The next frame, when the bytes complete one; the caller releases it.
     *
     * @param in what was received; what is used of it is read
     * @return null when more bytes are needed
     * @throws BadLengthException when the length is not positive or too large
     */
    @Nullable
    ByteBuf next(ByteBuf in) {
        while (lengthBytes < LENGTH_BYTES) {
            if (!in.isReadable()) {
                return null;
            }
            lengthSoFar = lengthSoFar << 8 | in.readUnsignedByte();
            lengthBytes++;
        }
        int length = lengthSoFar;
        if (length <= 0 || length > maxFrameBytes) {
            throw new BadLengthException("frame length out of range: length=" + length + ", largest=" + maxFrameBytes
                    + " (socket.request.max.bytes)" + Preamble.hint(length));
        }
        ByteBuf frame = collecting;
        if (frame == null) {
            if (in.readableBytes() >= length) {
                reset();
                return in.readRetainedSlice(length);
            }
            frame = allocator.directBuffer(Math.min(length, INITIAL_BYTES), length);
            collecting = frame;
        }
        int step = Math.min(in.readableBytes(), length - frame.readableBytes());
        grow(frame, step, length);
        frame.writeBytes(in, step);
        if (frame.readableBytes() < length) {
            return null;
        }
        reset();
        return frame;
    }

    private static void grow(ByteBuf frame, int step, int length) {
        if (frame.writableBytes() < step) {
            long wanted = Math.max(4L * frame.capacity(), (long) frame.readableBytes() + step);
            frame.capacity((int) Math.min(wanted, length));
        }
    }

    private void reset() {
        lengthSoFar = 0;
        lengthBytes = 0;
        collecting = null;
    }

    void close() {
        ByteBuf frame = collecting;
        collecting = null;
        if (frame != null) {
            frame.release();
        }
    }
}
