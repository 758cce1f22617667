// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the batches of one sealed segment in order, whole, and checks each.
 *
 * <p>Threading: confined to one thread, which holds the segment while it reads.
 */
final class BatchReader {

    private static final int WINDOW_BYTES = 256 << 10;

    private final Segment segment;
    private final int maxBatchBytes;
    private final long limit;
    private ByteBuffer window;
    private long windowEnd;
    private long nextOffset;

    /** A reader before the first batch; a batch of more than {@code maxBatchBytes} is refused before it is read. */
    BatchReader(Segment segment, int maxBatchBytes) {
        this.segment = segment;
        this.maxBatchBytes = maxBatchBytes;
        this.limit = segment.sizeBytes();
        this.nextOffset = segment.baseOffset();
        this.window = ByteBuffer.allocate((int) Math.min(WINDOW_BYTES, limit)).limit(0);
    }

    Segment segment() {
        return segment;
    }

    /** Offset behind the last batch. */
    long nextOffset() {
        return nextOffset;
    }

    /**
     * The next batch, a view that is valid until the next call; null at the end.
     *
     * @throws CorruptLogException when no valid batch begins there
     */
    @Nullable
    ByteBuffer next() {
        long position = position();
        if (position >= limit) {
            return null;
        }
        load(BatchDescriptor.HEADER_BYTES);
        int at = window.position();
        int there = window.remaining();
        int sizeBytes = there < BatchDescriptor.HEADER_BYTES ? there : BatchDescriptor.sizeBytes(window, at);
        if (sizeBytes < BatchDescriptor.HEADER_BYTES || sizeBytes > limit - position || sizeBytes > maxBatchBytes) {
            throw corrupt("no batch that can be read begins here: sizeBytes=" + sizeBytes + ", left="
                    + (limit - position) + ", maxBatchBytes=" + maxBatchBytes);
        }
        load(sizeBytes);
        at = window.position();
        try {
            BatchDescriptor.check(window, at, window.limit(), maxBatchBytes);
        } catch (InvalidBatchException e) {
            throw corrupt(String.valueOf(e.getMessage()));
        }
        // The checksum does not cover the base offset.
        long lastOffset = BatchDescriptor.lastOffset(window, at);
        if (BatchDescriptor.baseOffset(window, at) < nextOffset || lastOffset >= segment.endOffset()) {
            throw corrupt("offset out of order: lastOffset=" + lastOffset + ", next=" + nextOffset);
        }
        nextOffset = lastOffset + 1;
        window.position(at + sizeBytes);
        return window.slice(at, sizeBytes);
    }

    private long position() {
        return windowEnd - window.remaining();
    }

    /** Makes so many bytes available, or all that are left. */
    private void load(int wanted) {
        long position = position();
        if (window.remaining() >= Math.min(wanted, limit - position)) {
            return;
        }
        if (window.capacity() < wanted) {
            window = ByteBuffer.allocate(wanted);
        }
        window.clear().limit((int) Math.min(window.capacity(), limit - position));
        segment.file().read(window, position);
        window.flip();
        windowEnd = position + window.limit();
    }

    private CorruptLogException corrupt(String reason) {
        return new CorruptLogException(segment.name(), position(), reason);
    }
}
