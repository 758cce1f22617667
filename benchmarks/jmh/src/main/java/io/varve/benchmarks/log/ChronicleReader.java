// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.nio.ByteBuffer;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ExcerptTailer;
import org.jspecify.annotations.Nullable;

/** Copies excerpts out of Chronicle Queue. */
final class ChronicleReader implements ReadSource {

    private static final int INITIAL_BYTES = 4096;

    private final ExcerptTailer tailer;
    private final ChronicleIndex index;
    private final Bytes<ByteBuffer> target = Bytes.elasticByteBuffer(INITIAL_BYTES);

    ChronicleReader(ExcerptTailer tailer, ChronicleIndex index) {
        this.tailer = tailer;
        this.index = index;
        tailer.toStart();
    }

    @Override
    public @Nullable ByteBuffer next() {
        target.clear();
        if (!tailer.readBytes(target)) {
            return null;
        }
        return target.underlyingObject().slice(0, (int) target.writePosition());
    }

    @Override
    public void seek(long offset) {
        if (!tailer.moveToIndex(index.excerpt(offset))) {
            throw new IllegalStateException("no excerpt there: offset=" + offset);
        }
    }

    @Override
    public void close() {
        target.releaseLast();
        tailer.close();
    }
}
