// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.batch.BatchDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Copies batches out of plain files, as many at once as its buffer holds. */
final class PlainReader implements ReadSource {

    private final List<PlainLog.Filled> segments;
    private ByteBuffer fetched;
    private int segment;
    private int position;
    private int at;

    PlainReader(List<PlainLog.Filled> segments, int fetchBytes) {
        this.segments = segments;
        this.fetched = ByteBuffer.allocateDirect(fetchBytes).limit(0);
    }

    @Override
    public @Nullable ByteBuffer next() {
        if (!holdsBatch() && !fetch()) {
            return null;
        }
        int sizeBytes = BatchDescriptor.sizeBytes(fetched, at);
        ByteBuffer batch = fetched.slice(at, sizeBytes);
        at += sizeBytes;
        return batch;
    }

    private boolean holdsBatch() {
        int left = fetched.limit() - at;
        return left >= BatchDescriptor.PREFIX_BYTES && left >= BatchDescriptor.sizeBytes(fetched, at);
    }

    /** Reads from the first batch that is not whole in the buffer; false at the end. */
    private boolean fetch() {
        position += at;
        at = 0;
        if (position == segments.get(segment).sizeBytes) {
            if (segment + 1 == segments.size()) {
                fetched.limit(0);
                return false;
            }
            segment++;
            position = 0;
        }
        read();
        while (!holdsBatch()) {
            fetched = ByteBuffer.allocateDirect(2 * fetched.capacity());
            read();
        }
        return true;
    }

    private void read() {
        PlainLog.Filled from = segments.get(segment);
        fetched.clear().limit(Math.min(fetched.capacity(), from.sizeBytes - position));
        try {
            from.segment.read(fetched, position);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        fetched.flip();
    }

    @Override
    public void seek(long offset) {
        if (offset != 0) {
            throw new UnsupportedOperationException("plain files have no index: offset=" + offset);
        }
        segment = 0;
        position = 0;
        at = 0;
        fetched.limit(0);
    }

    @Override
    public void close() {}
}
