// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.DefaultFileRegion;
import io.varve.replication.transport.FramePart;
import io.varve.replication.transport.OutFrame;
import java.util.List;

/**
 * Puts frames into a channel's queue of what is to be sent.
 *
 * <p>The length and the short parts that follow it go into one buffer, so that a small frame is one piece of memory to the system;
 * larger parts are wrapped. Ranges of files go from the file to the socket, or through memory, piece by piece, when they must be encrypted.
 *
 * <p>Threading: confined to the connection's event loop.
 */
final class FrameWriter {

    private static final int LENGTH_BYTES = 4;
    private static final int COPIED_BYTES = 8 << 10;

    private final Channel channel;
    private final boolean encrypts;

    /**
     * Writes to a channel.
     *
     * @param encrypts whether TLS is in between; then the pipeline has a {@link io.netty.handler.stream.ChunkedWriteHandler}
     */
    FrameWriter(Channel channel, boolean encrypts) {
        this.channel = channel;
        this.encrypts = encrypts;
    }

    /** The length of a frame, which may be more than can be sent. */
    static long sizeBytes(OutFrame frame) {
        long size = 0;
        for (FramePart part : frame.parts()) {
            size += part.sizeBytes();
        }
        return size;
    }

    /** What a frame holds of memory. */
    static long memoryBytes(OutFrame frame) {
        long size = 0;
        for (FramePart part : frame.parts()) {
            size += part instanceof FramePart.Bytes ? part.sizeBytes() : 0;
        }
        return size;
    }

    /** Queues a frame behind its length; the future is that of its last byte. */
    ChannelFuture write(OutFrame frame, int sizeBytes) {
        return write(frame.parts(), LENGTH_BYTES, sizeBytes);
    }

    /** Queues the bytes of a frame as they are; the future is that of the last one. */
    ChannelFuture writeRaw(OutFrame frame) {
        return write(frame.parts(), 0, 0);
    }

    private ChannelFuture write(List<FramePart> parts, int lengthBytes, int length) {
        int copied = 0;
        int copiedBytes = lengthBytes;
        while (copied < parts.size()
                && parts.get(copied) instanceof FramePart.Bytes bytes
                && copiedBytes + bytes.sizeBytes() <= COPIED_BYTES) {
            copiedBytes += bytes.sizeBytes();
            copied++;
        }
        ByteBuf head = channel.alloc().directBuffer(copiedBytes);
        if (lengthBytes > 0) {
            head.writeInt(length);
        }
        for (int i = 0; i < copied; i++) {
            head.writeBytes(((FramePart.Bytes) parts.get(i)).buffer().duplicate());
        }
        ChannelFuture last = channel.write(head);
        for (int i = copied; i < parts.size(); i++) {
            FramePart part = parts.get(i);
            if (part instanceof FramePart.Bytes bytes) {
                last = channel.write(Unpooled.wrappedBuffer(bytes.buffer()));
            } else if (part instanceof FramePart.FileRange range) {
                last = channel.write(encrypts ? new FileChunks(range) : new SharedFileRegion(range));
            }
        }
        return last;
    }

    /** A range of a file that others read as well: it is not closed when the range has been sent. */
    private static final class SharedFileRegion extends DefaultFileRegion {

        SharedFileRegion(FramePart.FileRange range) {
            super(range.channel(), range.position(), range.sizeBytes());
        }

        @Override
        protected void deallocate() {}
    }
}
