// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * A run of bytes that a message carries without looking into it.
 *
 * <p>Threading: immutable, as long as nobody moves the buffer.
 */
public sealed interface RecordBytes {

    /** Length in bytes. */
    int sizeBytes();

    /** Bytes in memory. */
    static RecordBytes of(ByteBuffer buffer) {
        return new InMemory(buffer);
    }

    /**
     * Bytes in memory.
     *
     * @param buffer from position to limit; a view of the frame when the message was read from one
     */
    record InMemory(ByteBuffer buffer) implements RecordBytes {
        @Override
        public int sizeBytes() {
            return buffer.remaining();
        }
    }

    /**
     * A range of a file, which is sent without passing through memory of ours.
     *
     * @param channel the file, which stays open until {@code onReleased} has run
     * @param position where the range begins
     * @param sizeBytes length of the range
     * @param onReleased runs once, when the bytes have been sent or never will be
     */
    record InFile(FileChannel channel, long position, int sizeBytes, Runnable onReleased) implements RecordBytes {}
}
