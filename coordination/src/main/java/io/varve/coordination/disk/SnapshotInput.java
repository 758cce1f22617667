// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.disk;

import io.varve.coordination.quorum.QuorumSnapshot;
import io.varve.log.CorruptLogException;
import io.varve.log.storage.StorageFile;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Reads the chunks of a snapshot and hands out no byte of one whose checksum does not match, by {@link CorruptLogException}.
 *
 * <p>Threading: confined to one thread.
 */
final class SnapshotInput extends InputStream {

    private final StorageFile file;
    private final String name;
    private final QuorumSnapshot snapshot;
    private final CRC32C crc = new CRC32C();
    private ByteBuffer chunk = ByteBuffer.allocate(0);
    private long position;
    private boolean ended;

    /** Reads a file, and closes it in the end; {@code name} is the one that the file has when it is whole. */
    SnapshotInput(StorageFile file, String name) {
        this.file = file;
        this.name = name;
        int headerBytes = SnapshotDescriptor.headerBytes(read(0, SnapshotDescriptor.fixedBytes()), name);
        ByteBuffer header = read(0, headerBytes);
        if (header.limit() < headerBytes) {
            throw new CorruptLogException(name, 0, "the header is cut off");
        }
        this.snapshot = SnapshotDescriptor.snapshot(header, name);
        crc.update(header);
        position = headerBytes;
    }

    QuorumSnapshot snapshot() {
        return snapshot;
    }

    private ByteBuffer read(long at, int bytes) {
        ByteBuffer read = ByteBuffer.allocate((int) Math.min(bytes, Math.max(0, file.sizeBytes() - at)));
        file.read(read, at);
        return read.flip();
    }

    /** Makes bytes available; whether there are any. */
    private boolean load() {
        while (!chunk.hasRemaining() && !ended) {
            ByteBuffer header = read(position, SnapshotDescriptor.CHUNK_HEADER_BYTES);
            int length = header.limit() < SnapshotDescriptor.CHUNK_HEADER_BYTES ? -1 : header.getInt(0);
            if (length < 0 || length > SnapshotDescriptor.CHUNK_BYTES) {
                throw new CorruptLogException(name, position, "no chunk begins here: length=" + length);
            }
            ByteBuffer bytes = read(position + SnapshotDescriptor.CHUNK_HEADER_BYTES, length);
            crc.update(bytes.duplicate());
            if (bytes.remaining() < length || (int) crc.getValue() != header.getInt(4)) {
                throw new CorruptLogException(name, position, "the checksum of the chunk does not match");
            }
            position += SnapshotDescriptor.CHUNK_HEADER_BYTES + length;
            chunk = bytes;
            ended = length == 0;
        }
        return chunk.hasRemaining();
    }

    @Override
    public int read() {
        return load() ? chunk.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int from, int length) {
        if (length == 0) {
            return 0;
        }
        if (!load()) {
            return -1;
        }
        int there = Math.min(length, chunk.remaining());
        chunk.get(target, from, there);
        return there;
    }

    /** Reads to the end and finds any damage. */
    void check() {
        while (load()) {
            chunk.position(chunk.limit());
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
