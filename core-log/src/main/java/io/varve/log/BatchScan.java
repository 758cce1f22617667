// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;

/**
 * Goes through the headers of the batches of one log file without reading their records.
 *
 * <p>Threading: confined to one thread.
 */
final class BatchScan {

    private final String name;
    private final StorageFile file;
    private final long limit;
    private final ByteBuffer header = ByteBuffer.allocate(BatchDescriptor.HEADER_BYTES);

    private long position;
    private int sizeBytes;

    /** A scan of the bytes from {@code position}, where a batch must begin, to {@code limit}, where one must end. */
    BatchScan(String name, StorageFile file, long position, long limit) {
        this.name = name;
        this.file = file;
        this.position = position;
        this.limit = limit;
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
        header.clear();
        int read = file.read(header, position);
        if (read < BatchDescriptor.HEADER_BYTES) {
            throw corrupt("the header is cut off: bytes=" + read);
        }
        int claimedBytes = BatchDescriptor.sizeBytes(header, 0);
        if (BatchDescriptor.magic(header, 0) != BatchDescriptor.MAGIC
                || claimedBytes < BatchDescriptor.HEADER_BYTES
                || claimedBytes > limit - position
                || BatchDescriptor.lastOffsetDelta(header, 0) < 0) {
            throw corrupt("no batch begins here: sizeBytes=" + claimedBytes + ", left=" + (limit - position));
        }
        sizeBytes = claimedBytes;
        return true;
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

    /** The header of the batch, at 0; valid until the next batch. */
    ByteBuffer header() {
        return header;
    }

    long lastOffset() {
        return BatchDescriptor.lastOffset(header, 0);
    }
}
