// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;

/**
 * Goes through the headers of the batches of one log file without looking at their records.
 *
 * <p>Threading: confined to one thread.
 */
final class BatchScan {

    /** What is read at a time: small batches share a read, large ones are skipped. */
    private static final int WINDOW_BYTES = 4096;

    private final String name;
    private final StorageFile file;
    private final long limit;
    private final ByteBuffer window;

    private long windowStart;
    private long position;
    private int sizeBytes;

    /** A scan of the bytes from {@code position}, where a batch must begin, to {@code limit}, where one must end. */
    BatchScan(String name, StorageFile file, long position, long limit) {
        this.name = name;
        this.file = file;
        this.position = position;
        this.limit = limit;
        this.window = ByteBuffer.allocate((int) Math.min(WINDOW_BYTES, Math.max(0, limit - position)))
                .limit(0);
    }

    /**
     * Moves to the next batch.
     *
     * @return false at the limit
     * @throws CorruptLogException when no batch can begin there
     */
    boolean next() {
        position += sizeBytes;
        sizeBytes = 0;
        if (position >= limit) {
            return false;
        }
        int there = load();
        if (there < BatchDescriptor.HEADER_BYTES) {
            throw corrupt("the header is cut off: bytes=" + there);
        }
        int at = headerAt();
        int claimedBytes = BatchDescriptor.sizeBytes(window, at);
        if (BatchDescriptor.magic(window, at) != BatchDescriptor.MAGIC
                || claimedBytes < BatchDescriptor.HEADER_BYTES
                || claimedBytes > limit - position
                || BatchDescriptor.lastOffsetDelta(window, at) < 0) {
            throw corrupt("no batch begins here: sizeBytes=" + claimedBytes + ", left=" + (limit - position));
        }
        sizeBytes = claimedBytes;
        return true;
    }

    private int load() {
        if (position + BatchDescriptor.HEADER_BYTES > windowStart + window.limit()) {
            window.clear().limit((int) Math.min(window.capacity(), limit - position));
            file.read(window, position);
            window.flip();
            windowStart = position;
        }
        return (int) (windowStart + window.limit() - position);
    }

    private CorruptLogException corrupt(String reason) {
        return new CorruptLogException(name, position, reason);
    }

    /** Where the batch begins. */
    long position() {
        return position;
    }

    /** Length of the whole batch. */
    int sizeBytes() {
        return sizeBytes;
    }

    /** The bytes that hold the header of the batch, at {@link #headerAt}; valid until the next batch. */
    ByteBuffer header() {
        return window;
    }

    int headerAt() {
        return (int) (position - windowStart);
    }

    long baseOffset() {
        return BatchDescriptor.baseOffset(window, headerAt());
    }

    long lastOffset() {
        return BatchDescriptor.lastOffset(window, headerAt());
    }
}
