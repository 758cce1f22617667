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
 * <p>The length and the short parts that follow it go into one buffer, so that a small answer is one piece of memory to the system;
 * larger parts are wrapped, and ranges of files go from the file to the socket.
 *
 * <p>Threading: confined to the connection's event loop.
 */
final class AnswerWriter {

    private static final int LENGTH_BYTES = 4;
    private static final int COPIED_BYTES = 8 << 10;

    private AnswerWriter() {}

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

    /** Queues a frame; the future is that of its last byte. */
    static ChannelFuture write(Channel channel, OutFrame frame, int sizeBytes) {
        List<FramePart> parts = frame.parts();
        int copied = 0;
        int copiedBytes = LENGTH_BYTES;
        while (copied < parts.size()
                && parts.get(copied) instanceof FramePart.Bytes bytes
                && copiedBytes + bytes.sizeBytes() <= COPIED_BYTES) {
            copiedBytes += bytes.sizeBytes();
            copied++;
        }
        ByteBuf head = channel.alloc().directBuffer(copiedBytes).writeInt(sizeBytes);
        for (int i = 0; i < copied; i++) {
            head.writeBytes(((FramePart.Bytes) parts.get(i)).buffer().duplicate());
        }
        ChannelFuture last = channel.write(head);
        for (int i = copied; i < parts.size(); i++) {
            FramePart part = parts.get(i);
            if (part instanceof FramePart.Bytes bytes) {
                last = channel.write(Unpooled.wrappedBuffer(bytes.buffer()));
            } else if (part instanceof FramePart.FileRange range) {
                last = channel.write(new SharedFileRegion(range));
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
