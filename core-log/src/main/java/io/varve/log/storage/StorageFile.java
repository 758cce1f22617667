// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * An open file. Reads and writes name their position; there is no current one.
 *
 * <p>Threading: one writer, any readers.
 */
public interface StorageFile extends AutoCloseable {

    /** {@return length in bytes; space that was prepared and not written to may count, and is zeros} */
    long sizeBytes();

    /** {@return when the contents last changed, milliseconds since the epoch; survives closing and opening} */
    long lastModifiedMs();

    /**
     * Reads at {@code position} until the buffer is full or the file ends.
     *
     * @param target where the bytes go, from position to limit; the position is moved
     * @param position position in the file, bytes
     * @return bytes read, 0 at or beyond the end
     */
    int read(ByteBuffer target, long position);

    /**
     * Writes all of the buffer at {@code position}; when it returns the operating system has the bytes.
     *
     * @param source what is written, from position to limit; the position is moved to the limit
     * @param position position in the file, bytes
     * @throws OutOfSpaceException when the disk is full; some of the bytes may have been written
     */
    void write(ByteBuffer source, long position);

    /**
     * Makes writes to a range cheap that is about to be written to. Changes no byte; may be called while others write. May do nothing.
     *
     * @param position where the range begins; it may reach beyond the end of the file
     * @param sizeBytes length of the range
     */
    default void prepare(long position, long sizeBytes) {}

    /**
     * Cuts the file off; what was prepared behind is given back.
     *
     * @param sizeBytes the new length
     */
    void truncate(long sizeBytes);

    /** Makes the contents durable. */
    void force();

    /** {@return the channel behind the file, for handing ranges of it to a socket; null when there is none}. Never closed by others. */
    @Nullable
    FileChannel channel();

    @Override
    void close();
}
