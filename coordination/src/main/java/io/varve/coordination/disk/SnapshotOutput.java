// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.disk;

import io.varve.coordination.quorum.QuorumSnapshot;
import io.varve.log.storage.StorageFile;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Writes the chunks of a snapshot. The file is the caller's, and is not closed.
 *
 * <p>Threading: confined to one thread.
 */
final class SnapshotOutput extends OutputStream {

    private final StorageFile file;
    private final CRC32C crc = new CRC32C();
    private final ByteBuffer chunk =
            ByteBuffer.allocate(SnapshotDescriptor.CHUNK_HEADER_BYTES + SnapshotDescriptor.CHUNK_BYTES);
    private long position;

    SnapshotOutput(StorageFile file, QuorumSnapshot snapshot) {
        this.file = file;
        ByteBuffer header = SnapshotDescriptor.header(snapshot);
        crc.update(header.duplicate());
        position = header.remaining();
        file.write(header, 0);
        begin();
    }

    private void begin() {
        chunk.clear().position(SnapshotDescriptor.CHUNK_HEADER_BYTES);
    }

    @Override
    public void write(int value) {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
        int at = from;
        while (at < from + length) {
            int fits = Math.min(chunk.remaining(), from + length - at);
            chunk.put(bytes, at, fits);
            at += fits;
            if (!chunk.hasRemaining()) {
                writeChunk();
            }
        }
    }

    private void writeChunk() {
        int length = chunk.position() - SnapshotDescriptor.CHUNK_HEADER_BYTES;
        crc.update(chunk.array(), SnapshotDescriptor.CHUNK_HEADER_BYTES, length);
        chunk.putInt(0, length).putInt(4, (int) crc.getValue()).flip();
        int written = chunk.remaining();
        file.write(chunk, position);
        position += written;
        begin();
    }

    /** Writes what is left, and the end. */
    void finish() {
        if (chunk.position() > SnapshotDescriptor.CHUNK_HEADER_BYTES) {
            writeChunk();
        }
        writeChunk();
    }
}
