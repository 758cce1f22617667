// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.batch.RecordCursor;
import io.varve.log.batch.RecordView;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Reads a log in order, by records or by batches, and checks every batch. Records that control transactions are passed over.
 *
 * <p>A reader keeps no file open: retention frees space under it, and it is told so when it reads on.
 *
 * <p>Threading: confined to one thread; a log has any number of readers.
 */
public final class LogReader implements AutoCloseable {

    private static final int WINDOW_BYTES = 128 << 10;

    private final LogView log;
    private long nextOffset;
    private long firstWanted;
    private @Nullable RecordCursor cursor;

    /** What was read ahead; the batch is the part from {@link #batchAt} to the next batch, which is at the buffer's position. */
    private ByteBuffer window = ByteBuffer.allocate(0);

    private int batchAt;
    private long generation;
    /** The first batch in the window was found by its offset, and does not just follow the one before. */
    private boolean lookedUp;
    /** What was found was damaged: look for the batch behind the damage. */
    private boolean suspicious;

    private @Nullable Segment segment;
    private long windowEnd;

    LogReader(LogView log, long offset) {
        this.log = log;
        this.nextOffset = offset;
        this.generation = log.generation();
    }

    /**
     * Moves to the next record.
     *
     * @return false at the end of the log; a later call finds what was appended since
     * @throws CorruptLogException when the bytes there are damaged
     * @throws OffsetOutOfRangeException when retention has overtaken the reader, or the log was truncated behind it
     * @throws IllegalStateException when the log is closed
     */
    public boolean next() {
        while (true) {
            RecordCursor current = cursor;
            while (current != null && current.next()) {
                if (current.offset() >= firstWanted) {
                    return true;
                }
            }
            if (!nextBatch()) {
                return false;
            }
            if (!BatchDescriptor.isControl(window, batchAt)) {
                cursor = RecordCursor.over(batch());
            }
        }
    }

    /**
     * Moves to the next record and, at the end of the log, waits for one.
     *
     * @param timeout how long to wait at most
     * @return false when none came in time; see {@link #next()}
     * @throws InterruptedException when the thread is interrupted while it waits
     */
    public boolean next(Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (!next()) {
            if (!log.awaitEnd(nextOffset, deadline - System.nanoTime())) {
                return next();
            }
        }
        return true;
    }

    /**
     * Moves to the next batch, whatever of the present one has been read; control batches are not passed over. See {@link #next()}.
     *
     * @return false at the end of the log
     */
    public boolean nextBatch() {
        closeCursor();
        while (true) {
            log.requireInRange(nextOffset);
            if (nextOffset >= log.endOffset()) {
                return false;
            }
            long seen = log.generation();
            if (seen != generation) {
                generation = seen;
                forgetWindow();
            }
            try {
                if ((holdsBatch() || fill()) && take()) {
                    return true;
                }
            } catch (CorruptLogException e) {
                if (!log.hasChangedSince(generation) && suspicious) {
                    throw e;
                }
                suspicious = true;
            }
        }
    }

    private boolean holdsBatch() {
        int there = window.remaining();
        return there >= BatchDescriptor.HEADER_BYTES
                && BatchDescriptor.sizeBytes(window, window.position()) <= there
                && BatchDescriptor.sizeBytes(window, window.position()) >= BatchDescriptor.HEADER_BYTES;
    }

    /** Reads ahead from the next offset on; false when the log has changed meanwhile, or the offset is in no segment. */
    private boolean fill() {
        Segment held = log.held(nextOffset);
        try {
            long position = held == segment ? windowEnd - window.remaining() : lookUp(held);
            long limit = held.sizeBytes();
            if (position >= limit) {
                nextOffset = Math.max(nextOffset, Math.min(held.endOffset(), log.endOffset()));
                segment = null;
                return false;
            }
            read(held, position, (int) Math.min(limit - position, WINDOW_BYTES));
            if (!holdsBatch()) {
                read(held, position, claimedBytes(limit - position));
            }
            return log.generation() == generation && holdsBatch();
        } finally {
            held.release();
        }
    }

    private void read(Segment held, long position, int wanted) {
        if (window.capacity() < wanted) {
            window = ByteBuffer.allocateDirect(Math.max(wanted, Math.min(WINDOW_BYTES, 2 * window.capacity())));
        }
        window.clear().limit(wanted);
        held.file().read(window, position);
        window.flip();
        segment = held;
        windowEnd = position + window.limit();
    }

    /** Length of the batch that begins in the window and does not fit into it. Nothing is allocated on the word of a damaged one. */
    private int claimedBytes(long there) {
        int claimed = window.limit() < BatchDescriptor.HEADER_BYTES ? 0 : BatchDescriptor.sizeBytes(window, 0);
        if (claimed < BatchDescriptor.HEADER_BYTES || claimed > there) {
            throw corrupt("no batch begins here: sizeBytes=" + claimed + ", left=" + there);
        }
        if (claimed > log.maxBatchBytes() && !suspicious) {
            throw corrupt("sizeBytes=" + claimed + ", largest=" + log.maxBatchBytes());
        }
        return claimed;
    }

    private long lookUp(Segment held) {
        lookedUp = true;
        return suspicious ? held.checkedPositionOf(nextOffset) : held.positionOf(nextOffset);
    }

    private boolean take() {
        int at = window.position();
        try {
            BatchDescriptor.check(window, at, window.limit(), Integer.MAX_VALUE);
        } catch (InvalidBatchException e) {
            throw corrupt(String.valueOf(e.getMessage()));
        }
        // The checksum does not cover the base offset.
        long lastOffset = BatchDescriptor.lastOffset(window, at);
        if (lastOffset < nextOffset || lastOffset >= log.endOffset()) {
            throw corrupt("offset out of order: lastOffset=" + lastOffset + ", next=" + nextOffset);
        }
        if (!lookedUp && BatchDescriptor.baseOffset(window, at) != nextOffset && !agreesWithNext(at, lastOffset)) {
            // Compacted away, or not the batch that it seems.
            forgetWindow();
            return false;
        }
        if (log.generation() != generation) {
            return false;
        }
        lookedUp = false;
        suspicious = false;
        batchAt = at;
        firstWanted = nextOffset;
        nextOffset = lastOffset + 1;
        window.position(at + BatchDescriptor.sizeBytes(window, at));
        return true;
    }

    /** Whether offsets are missing before a batch, as the batch behind it shows. */
    private boolean agreesWithNext(int at, long lastOffset) {
        int next = at + BatchDescriptor.sizeBytes(window, at);
        return BatchDescriptor.baseOffset(window, at) > nextOffset
                && next + BatchDescriptor.HEADER_BYTES <= window.limit()
                && BatchDescriptor.baseOffset(window, next) > lastOffset;
    }

    private void forgetWindow() {
        segment = null;
        window.limit(window.position());
    }

    private CorruptLogException corrupt(String reason) {
        Segment current = segment;
        String name = current == null ? "" : current.name();
        long position = windowEnd - window.remaining();
        // What was read ahead must not be believed the next time either.
        forgetWindow();
        return new CorruptLogException(name, position, reason);
    }

    /** {@return the batch, from position 0 to its limit; a view that is valid until the reader moves} */
    public ByteBuffer batch() {
        int sizeBytes = BatchDescriptor.sizeBytes(window, batchAt);
        return window.slice(batchAt, sizeBytes);
    }

    /** {@return offset of the record} */
    public long offset() {
        return record().offset();
    }

    /** {@return the record; a view that is valid until the reader moves} */
    public RecordView record() {
        RecordCursor current = cursor;
        if (current == null) {
            throw new IllegalStateException("no record: call next() first, and only while it returns true");
        }
        return current;
    }

    /** {@return offset from which the next batch is read} */
    public long nextOffset() {
        return nextOffset;
    }

    private void closeCursor() {
        RecordCursor current = cursor;
        cursor = null;
        if (current != null) {
            current.close();
        }
    }

    @Override
    public void close() {
        closeCursor();
        window = ByteBuffer.allocate(0);
        segment = null;
    }
}
