// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the batches of a log in order, from the one that holds an offset on, and checks each.
 *
 * <p>Threading: confined to one thread.
 */
public final class BatchReader implements AutoCloseable {

    private static final int INITIAL_BYTES = 4096;

    private final CommitLog log;
    private ByteBuffer batch = ByteBuffer.allocate(INITIAL_BYTES).limit(0);
    private long nextOffset;
    private @Nullable Segment segment;
    private long position;

    BatchReader(CommitLog log, long offset) {
        this.log = log;
        this.nextOffset = offset;
    }

    /**
     * Reads the next batch.
     *
     * @return false at the end of the log; a later call finds what was appended since
     * @throws CorruptLogException when the bytes there are damaged
     * @throws OffsetOutOfRangeException when retention has overtaken the reader
     */
    public boolean next() {
        long endOffset = log.endOffset();
        if (nextOffset >= endOffset) {
            return false;
        }
        Segment current = segment;
        if (current == null || nextOffset >= current.endOffset()) {
            current = enter(nextOffset);
        }
        read(current);
        nextOffset = BatchDescriptor.lastOffset(batch, 0) + 1;
        position += batch.limit();
        return true;
    }

    private Segment enter(long offset) {
        release();
        Segment entered = log.held(offset);
        segment = entered;
        position = entered.positionOf(offset);
        return entered;
    }

    private void read(Segment from) {
        BatchScan scan = from.scan(position, from.sizeBytes());
        if (!scan.next()) {
            throw new CorruptLogException(from.name(), position, "the segment ends early");
        }
        int sizeBytes = scan.sizeBytes();
        if (batch.capacity() < sizeBytes) {
            batch = ByteBuffer.allocate(Math.max(sizeBytes, 2 * batch.capacity()));
        }
        batch.clear().limit(sizeBytes);
        from.file().read(batch, position);
        batch.flip();
        try {
            BatchDescriptor.check(batch, 0, batch.limit(), Integer.MAX_VALUE);
        } catch (InvalidBatchException e) {
            throw new CorruptLogException(from.name(), position, String.valueOf(e.getMessage()));
        }
        // The checksum does not cover the base offset.
        long lastOffset = BatchDescriptor.lastOffset(batch, 0);
        if (lastOffset < nextOffset || lastOffset >= from.endOffset()) {
            throw new CorruptLogException(
                    from.name(), position, "offset out of order: lastOffset=" + lastOffset + ", next=" + nextOffset);
        }
    }

    /** The batch that was read, from position 0 to its limit; valid until {@link #next} is called. */
    public ByteBuffer batch() {
        return batch.duplicate();
    }

    /** Offset from which the next batch is read. */
    public long nextOffset() {
        return nextOffset;
    }

    private void release() {
        Segment current = segment;
        segment = null;
        if (current != null) {
            current.release();
        }
    }

    @Override
    public void close() {
        release();
    }
}
