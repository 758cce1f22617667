// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * A file whose beginning is written through memory, and everything else through its channel: both are views of one page cache.
 *
 * <p>Threading: one writer, any readers. Closing while the writer writes is safe; the writer then gets an exception.
 */
final class MappedFile implements StorageFile {

    private final ChannelFile file;
    private final Mapping mapping;

    /** Whether the channel has written too, so that forcing the mapping is not enough. */
    private volatile boolean channelWritten;

    MappedFile(ChannelFile file, Mapping mapping) {
        this.file = file;
        this.mapping = mapping;
    }

    @Override
    public long sizeBytes() {
        return file.sizeBytes();
    }

    /** The system notes only the first write to a page; so the time of this call stands for all since the last one. */
    @Override
    public long lastModifiedMs() {
        settle();
        return file.lastModifiedMs();
    }

    private void settle() {
        if (mapping.takeWritten()) {
            file.modifiedNow();
        }
    }

    @Override
    public int read(ByteBuffer target, long position) {
        return file.read(target, position);
    }

    @Override
    public void write(ByteBuffer source, long position) {
        boolean written;
        try {
            written = mapping.write(source, position);
        } catch (InternalError e) {
            // What the platform makes of a page that cannot be had: the medium failed, or somebody cut the file.
            throw file.failed("mapped write", new IOException(e));
        }
        if (!written) {
            channelWritten = true;
            file.write(source, position);
        }
    }

    @Override
    public void prepare(long position, long sizeBytes) {
        mapping.touch(position, sizeBytes);
    }

    /** Ends the mapping, which must not reach beyond the file; later writes go through the channel. */
    @Override
    public void truncate(long sizeBytes) {
        mapping.unmap();
        file.truncate(sizeBytes);
        settle();
    }

    @Override
    public void force() {
        boolean forced;
        try {
            forced = mapping.force();
        } catch (UncheckedIOException e) {
            throw file.failed("force", new IOException(e));
        }
        if (!forced || channelWritten) {
            file.force();
        }
    }

    @Override
    public FileChannel channel() {
        return file.channel();
    }

    @Override
    public void close() {
        mapping.unmap();
        settle();
        file.close();
    }
}
