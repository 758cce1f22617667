// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.RecordCursor;
import io.varve.log.batch.RecordView;
import org.jspecify.annotations.Nullable;

/**
 * Reads the records of a log in order. Records that control transactions are passed over.
 *
 * <p>Threading: confined to one thread; a log has any number of readers.
 */
public final class LogReader implements AutoCloseable {

    private final BatchReader batches;
    private final long startOffset;
    private @Nullable RecordCursor cursor;

    LogReader(BatchReader batches, long startOffset) {
        this.batches = batches;
        this.startOffset = startOffset;
    }

    /**
     * Moves to the next record.
     *
     * @return false at the end of the log; a later call finds what was appended since
     * @throws CorruptLogException when the bytes there are damaged
     * @throws OffsetOutOfRangeException when retention has overtaken the reader
     */
    public boolean next() {
        while (true) {
            RecordCursor current = cursor;
            while (current != null && current.next()) {
                if (current.offset() >= startOffset) {
                    return true;
                }
            }
            cursor = null;
            if (!batches.next()) {
                return false;
            }
            if (!BatchDescriptor.isControl(batches.batch(), 0)) {
                cursor = RecordCursor.over(batches.batch());
            }
        }
    }

    /** Offset of the record. */
    public long offset() {
        return record().offset();
    }

    /** The record; a view that is valid until {@link #next} is called. */
    public RecordView record() {
        RecordCursor current = cursor;
        if (current == null) {
            throw new IllegalStateException("no record: call next() first, and only while it returns true");
        }
        return current;
    }

    @Override
    public void close() {
        batches.close();
    }
}
