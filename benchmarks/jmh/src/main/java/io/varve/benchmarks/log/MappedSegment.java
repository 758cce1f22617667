// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A plain mapped buffer over the whole of a file, whose pages come into being when they are first touched. */
final class MappedSegment implements PlainSegment {

    private final FileChannel channel;
    private final MappedByteBuffer mapped;

    MappedSegment(Path file, int segmentBytes) throws IOException {
        this.channel = FileChannel.open(
                file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        this.mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, segmentBytes);
    }

    @Override
    public void write(ByteBuffer batch, int position) {
        mapped.put(position, batch, batch.position(), batch.remaining());
        batch.position(batch.limit());
    }

    @Override
    public void read(ByteBuffer target, int position) {
        int bytes = Math.min(target.remaining(), mapped.capacity() - position);
        target.put(target.position(), mapped, position, bytes);
        target.position(target.position() + bytes);
    }

    /** The mapping lives until it is collected, and a deleted file as long as its mapping: only truncating it frees its pages now. */
    @Override
    public void discard() throws IOException {
        channel.truncate(0);
        channel.close();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
