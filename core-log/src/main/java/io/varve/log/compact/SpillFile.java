// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import io.varve.log.storage.StorageFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Numbers in a temporary file: first all are written, then all are read, in the same order. Holds a buffer only while it is written or
 * read.
 *
 * <p>Threading: confined to one thread.
 */
final class SpillFile {

    private static final ByteBuffer NO_BUFFER = ByteBuffer.allocate(0);

    private final Storage storage;
    private final String name;
    private final StorageFile file;
    private final int bufferBytes;
    private ByteBuffer buffer = NO_BUFFER;
    private long position;
    private long sizeBytes;

    /** Buffers {@code bufferBytes}, a multiple of eight. */
    SpillFile(Storage storage, String name, int bufferBytes) {
        this.storage = storage;
        this.name = name;
        this.bufferBytes = bufferBytes;
        this.file = storage.open(name);
        file.truncate(0);
    }

    void write(long number) {
        if (!buffer.hasRemaining()) {
            flush();
            buffer = buffer.capacity() == 0 ? ByteBuffer.allocate(bufferBytes) : buffer.clear();
        }
        buffer.putLong(number);
    }

    private void flush() {
        buffer.flip();
        int bytes = buffer.remaining();
        file.write(buffer, position);
        position += bytes;
    }

    /** Ends the writing: the numbers can be read from now on. */
    void finish() {
        flush();
        buffer = NO_BUFFER;
        sizeBytes = position;
        rewind();
    }

    /** Goes back before the first number. */
    void rewind() {
        buffer = NO_BUFFER;
        position = 0;
    }

    /** Whether there is a number left to read. */
    boolean hasNext() {
        return buffer.hasRemaining() || position < sizeBytes;
    }

    long next() {
        if (!buffer.hasRemaining()) {
            fill();
        }
        return buffer.getLong();
    }

    private void fill() {
        if (buffer.capacity() == 0) {
            buffer = ByteBuffer.allocate(bufferBytes);
        }
        buffer.clear().limit((int) Math.min(bufferBytes, sizeBytes - position));
        int wanted = buffer.remaining();
        if (file.read(buffer, position) < wanted) {
            String message = "a spill file has become shorter: file=" + name + ", expected=" + sizeBytes;
            throw new StorageException(message, new IOException(message));
        }
        buffer.flip();
        position += wanted;
    }

    /** Closes and deletes the file. */
    void delete() {
        close();
        storage.delete(name);
    }

    /** Closes the file and leaves it: opening the log deletes it. */
    void close() {
        buffer = NO_BUFFER;
        file.close();
    }
}
