// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * A buffer outside the heap as a stream.
 *
 * <p>Threading: confined to one thread.
 */
final class BufferInputStream extends InputStream {

    private final ByteBuffer buffer;

    BufferInputStream(ByteBuffer buffer) {
        this.buffer = buffer;
    }

    @Override
    public int read() {
        return buffer.hasRemaining() ? buffer.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
        if (length == 0) {
            return 0;
        }
        if (!buffer.hasRemaining()) {
            return -1;
        }
        int step = Math.min(length, buffer.remaining());
        buffer.get(bytes, offset, step);
        return step;
    }

    @Override
    public int available() {
        return buffer.remaining();
    }
}
