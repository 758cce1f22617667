// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.stream.ChunkedInput;
import io.varve.replication.transport.FramePart;
import java.io.EOFException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A range of a file, read piece by piece as the channel takes it. The file is left open.
 *
 * <p>Threading: confined to the connection's event loop.
 */
final class FileChunks implements ChunkedInput<ByteBuf> {

    private static final int CHUNK_BYTES = 64 << 10;

    private final FramePart.FileRange range;
    private int readBytes;

    FileChunks(FramePart.FileRange range) {
        this.range = range;
    }

    @Override
    public boolean isEndOfInput() {
        return readBytes == range.sizeBytes();
    }

    @Override
    public @Nullable ByteBuf readChunk(ByteBufAllocator allocator) throws IOException {
        if (isEndOfInput()) {
            return null;
        }
        int wanted = Math.min(CHUNK_BYTES, range.sizeBytes() - readBytes);
        ByteBuf chunk = allocator.directBuffer(wanted);
        boolean isRead = false;
        try {
            while (chunk.isWritable(1) && chunk.readableBytes() < wanted) {
                long position = range.position() + readBytes;
                int read = chunk.writeBytes(range.channel(), position, wanted - chunk.readableBytes());
                if (read < 0) {
                    throw new EOFException("a file is shorter than the range to be sent: position=" + position
                            + ", sizeBytes=" + range.channel().size());
                }
                readBytes += read;
            }
            isRead = true;
            return chunk;
        } finally {
            if (!isRead) {
                chunk.release();
            }
        }
    }

    @Override
    public long length() {
        return range.sizeBytes();
    }

    @Override
    public long progress() {
        return readBytes;
    }

    @Override
    public void close() {
        // The file is not ours.
    }

    @Override
    @Deprecated
    @SuppressWarnings("InlineMeSuggester") // the interface still demands it
    public @Nullable ByteBuf readChunk(ChannelHandlerContext context) throws IOException {
        return readChunk(context.alloc());
    }
}
