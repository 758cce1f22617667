// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.CommitLog;
import io.varve.log.LogSlice;
import io.varve.log.batch.BatchDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** Reads slices, as a broker does for a fetch, and checks every batch in them. */
final class VarveReader implements ReadSource {

    private final CommitLog log;
    private final int fetchBytes;
    private ByteBuffer fetched;
    private int at;
    private long nextOffset;

    VarveReader(CommitLog log, int fetchBytes) {
        this.log = log;
        this.fetchBytes = fetchBytes;
        this.fetched = ByteBuffer.allocateDirect(fetchBytes).limit(0);
        this.nextOffset = log.startOffset();
    }

    @Override
    public @Nullable ByteBuffer next() {
        if (at == fetched.limit()) {
            fetch();
        }
        int limit = fetched.limit();
        if (at == limit) {
            return null;
        }
        int sizeBytes = BatchDescriptor.check(fetched, at, limit, Integer.MAX_VALUE);
        nextOffset = BatchDescriptor.lastOffset(fetched, at) + 1;
        ByteBuffer batch = fetched.slice(at, sizeBytes);
        at += sizeBytes;
        return batch;
    }

    private void fetch() {
        at = 0;
        try (LogSlice slice = log.slice(nextOffset, Long.MAX_VALUE, fetchBytes)) {
            if (fetched.capacity() < slice.sizeBytes()) {
                fetched = ByteBuffer.allocateDirect(slice.sizeBytes());
            }
            fetched.clear().limit(slice.sizeBytes());
            FileChannel channel = slice.channel();
            if (channel == null) {
                fetched.put(slice.read()).flip();
                return;
            }
            while (fetched.hasRemaining()) {
                channel.read(fetched, slice.position() + fetched.position());
            }
            fetched.flip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void seek(long offset) {
        nextOffset = offset;
        at = 0;
        fetched.limit(0);
    }

    @Override
    public void close() {}
}
