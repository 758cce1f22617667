// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the bytes of one connection into frames.
 *
 * <p>A frame that has come as a whole is a slice of what was received. One that comes in pieces is collected in a buffer that grows with
 * what arrives, so a length costs nothing until its bytes are there; a frame that outgrows the first size of that buffer is taken from
 * the budget before it may. The steps of the growth are such that a frame of a mebibyte is copied once, but for its first bytes.
 *
 * <p>Threading: confined to the connection's event loop.
 */
final class FrameReader {

    private static final int LENGTH_BYTES = 4;
    private static final int INITIAL_BYTES = 64 << 10;
    private static final int SECOND_BYTES = 1 << 20;
    private static final int GROWTH = 4;

    private final int maxFrameBytes;
    private final Preamble preamble;
    private final Budget budget;
    private final ByteBufAllocator allocator;

    private boolean isFirst = true;
    private int length;
    private int lengthBytes;
    private boolean isTaken;
    private boolean isStarved;
    private long collectedBytes;
    private @Nullable ByteBuf collecting;
    private @Nullable String word;

    FrameReader(int maxFrameBytes, Preamble preamble, Budget budget, ByteBufAllocator allocator) {
        this.maxFrameBytes = maxFrameBytes;
        this.preamble = preamble;
        this.budget = budget;
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
     * The next frame, when the bytes complete one; it has been taken from the budget, and the caller releases it.
     *
     * @param in what was received; what is used of it is read
     * @return null when more bytes are needed, when the reader {@link #isStarved}, or when the peer has begun with a {@link #word}
     * @throws BadLengthException when the length is not positive or too large
     */
    @Nullable
    ByteBuf next(ByteBuf in) {
        isStarved = false;
        if (!readLength(in) || word != null) {
            return null;
        }
        if (collecting != null) {
            return collect(in, collecting);
        }
        if (in.readableBytes() >= length) {
            if (!take()) {
                return null;
            }
            ByteBuf frame = in.readRetainedSlice(length);
            reset();
            return frame;
        }
        if (!in.isReadable()) {
            return null;
        }
        ByteBuf begun = allocator.directBuffer(Math.min(length, INITIAL_BYTES), length);
        collecting = begun;
        return collect(in, begun);
    }

    private boolean readLength(ByteBuf in) {
        if (lengthBytes == LENGTH_BYTES) {
            return true;
        }
        while (lengthBytes < LENGTH_BYTES) {
            if (!in.isReadable()) {
                return false;
            }
            length = length << 8 | in.readUnsignedByte();
            lengthBytes++;
        }
        if (isFirst) {
            word = preamble.word(length);
        }
        boolean mayBe = word != null || (length > 0 && length <= maxFrameBytes);
        String hint = isFirst || !mayBe ? Preamble.hint(length) : "";
        if (!mayBe || !hint.isEmpty()) {
            throw new BadLengthException("frame length out of range: length=" + length + ", largest=" + maxFrameBytes
                    + preamble.maxFrameBytesKey() + hint);
        }
        isFirst = false;
        return true;
    }

    private @Nullable ByteBuf collect(ByteBuf in, ByteBuf frame) {
        while (in.isReadable() && frame.readableBytes() < length) {
            if (!frame.isWritable()) {
                if (!take()) {
                    return null;
                }
                long wanted = Math.max(SECOND_BYTES, (long) GROWTH * frame.capacity());
                frame.capacity((int) Math.min(wanted, length));
            }
            int step = Math.min(in.readableBytes(), frame.writableBytes());
            frame.writeBytes(in, step);
            collectedBytes += step;
        }
        if (frame.readableBytes() < length || !take()) {
            return null;
        }
        collecting = null;
        reset();
        return frame;
    }

    private boolean take() {
        isTaken = isTaken || budget.tryTake(length);
        isStarved = !isTaken;
        return isTaken;
    }

    private void reset() {
        length = 0;
        lengthBytes = 0;
        isTaken = false;
    }

    /** Whether the peer has still to say whether it speaks frames; a word needs no room in the budget. */
    boolean isAtBeginning() {
        return isFirst;
    }

    /** The word with which the peer has begun instead of a frame; from then on there are no frames. */
    @Nullable
    String word() {
        return word;
    }

    /** Whether the frame on its way waits for room in the budget, so that the same bytes are to be given once more. */
    boolean isStarved() {
        return isStarved;
    }

    /** Whether a frame that is on its way has been taken from the budget: it should be finished, whatever room there is. */
    boolean holdsBudget() {
        return isTaken;
    }

    /** Bytes that were collected since the connection was opened; moves as long as a frame goes on. */
    long collectedBytes() {
        return collectedBytes;
    }

    /** Gives back what a frame on its way holds. */
    void close() {
        ByteBuf frame = collecting;
        collecting = null;
        if (frame != null) {
            frame.release();
        }
        if (isTaken) {
            isTaken = false;
            budget.giveBack(length);
        }
    }
}
