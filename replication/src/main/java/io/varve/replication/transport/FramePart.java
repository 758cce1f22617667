// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * A piece of a frame that is to be sent.
 *
 * <p>Threading: immutable, as long as nobody moves the buffer.
 */
public sealed interface FramePart {

    /** Length in bytes. */
    int sizeBytes();

    /**
     * Bytes in memory.
     *
     * @param buffer from position to limit; must not change until the frame is released
     */
    record Bytes(ByteBuffer buffer) implements FramePart {
        @Override
        public int sizeBytes() {
            return buffer.remaining();
        }
    }

    /**
     * A range of a file; a transport that can hands it to the socket without copying.
     *
     * @param channel stays open until the frame is released; the transport does not close it
     * @param position where the range begins
     * @param sizeBytes length of the range
     */
    record FileRange(FileChannel channel, long position, int sizeBytes) implements FramePart {

        public FileRange {
            if (position < 0 || sizeBytes < 0) {
                throw new IllegalArgumentException(
                        "range of a file out of bounds: position=" + position + ", sizeBytes=" + sizeBytes);
            }
        }
    }
}
