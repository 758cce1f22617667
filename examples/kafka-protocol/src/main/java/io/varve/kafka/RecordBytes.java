// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * A range of bytes that a message carries without looking inside: record batches, in memory or in a file.
 *
 * <p>Threading: immutable, as long as nobody moves the position of a buffer.
 */
public sealed interface RecordBytes {

    /** The length of the range. */
    int sizeBytes();

    /** Says that the bytes were sent or given up, and will not be looked at again. Called at most once. */
    void release();

    /** The bytes between position and limit of {@code buffer}, which stay the caller's: nothing is copied. */
    static RecordBytes of(ByteBuffer buffer) {
        return new InMemory(buffer.slice());
    }

    /**
     * {@code sizeBytes} bytes of a file from {@code position} on.
     *
     * @param onReleased run by {@link #release()}, so that the owner can let go of the file
     */
    static RecordBytes ofFile(FileChannel channel, long position, int sizeBytes, Runnable onReleased) {
        return new InFile(channel, position, sizeBytes, onReleased);
    }

    /** Bytes in memory, between position and limit of {@code buffer}. */
    record InMemory(ByteBuffer buffer) implements RecordBytes {
        @Override
        public int sizeBytes() {
            return buffer.remaining();
        }

        @Override
        public void release() {}
    }

    /** Bytes of a file, to be handed to a socket without passing through memory. */
    record InFile(FileChannel channel, long position, int sizeBytes, Runnable onReleased) implements RecordBytes {
        /** Checks that the range is one. */
        public InFile {
            if (position < 0 || sizeBytes < 0) {
                throw new IllegalArgumentException(
                        "negative file range: position=" + position + ", sizeBytes=" + sizeBytes);
            }
        }

        @Override
        public void release() {
            onReleased.run();
        }
    }
}
