// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A plain {@link FileChannel}: one positional write per batch. */
final class ChannelSegment implements PlainSegment {

    private final FileChannel channel;

    ChannelSegment(Path file) throws IOException {
        this.channel = FileChannel.open(
                file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
    }

    @Override
    public void write(ByteBuffer batch, int position) throws IOException {
        int at = position;
        while (batch.hasRemaining()) {
            at += channel.write(batch, at);
        }
    }

    @Override
    public void read(ByteBuffer target, int position) throws IOException {
        int at = position;
        while (target.hasRemaining()) {
            int read = channel.read(target, at);
            if (read < 0) {
                return;
            }
            at += read;
        }
    }

    @Override
    public void discard() throws IOException {
        channel.close();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
