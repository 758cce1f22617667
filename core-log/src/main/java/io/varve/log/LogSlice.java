// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * Whole batches of one segment as a range of its file, which stays readable until the slice is closed even when the segment is
 * deleted meanwhile.
 *
 * <p>Threading: safe.
 */
public final class LogSlice implements AutoCloseable {

    private final @Nullable Segment segment;
    private final long position;
    private final int sizeBytes;
    private boolean closed;

    private LogSlice(@Nullable Segment segment, long position, int sizeBytes) {
        this.segment = segment;
        this.position = position;
        this.sizeBytes = sizeBytes;
    }

    static LogSlice empty() {
        return new LogSlice(null, 0, 0);
    }

    /** A slice of a segment that is held already; the hold passes to the slice. */
    static LogSlice of(Segment held, long position, long endPosition) {
        return new LogSlice(held, position, (int) (endPosition - position));
    }

    /** {@return length in bytes; 0 when there is nothing at the offset yet} */
    public int sizeBytes() {
        return sizeBytes;
    }

    /** {@return where the slice begins in its file} */
    public long position() {
        return position;
    }

    /** {@return the channel of the file, for handing the range to a socket; null when the storage has none}. Never closed by the caller. */
    public @Nullable FileChannel channel() {
        return segment == null ? null : segment.file().channel();
    }

    /** {@return the bytes, copied} */
    public ByteBuffer read() {
        ByteBuffer bytes = ByteBuffer.allocate(sizeBytes);
        if (segment != null) {
            StorageFile file = segment.file();
            int read = file.read(bytes, position);
            if (read != sizeBytes) {
                throw new CorruptLogException(
                        segment.name(), position, "the file ends early: bytes=" + read + ", expected=" + sizeBytes);
            }
        }
        return bytes.flip();
    }

    @Override
    public synchronized void close() {
        if (!closed && segment != null) {
            segment.release();
        }
        closed = true;
    }
}
