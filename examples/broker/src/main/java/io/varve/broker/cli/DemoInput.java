// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The lines of the demo's file, as bytes between line ends. They are looked at in place, so that a large file costs no
 * heap. A last line needs no line end; an empty line is a line.
 *
 * <p>Threading: immutable.
 */
final class DemoInput {

    /** The longest line that can be sent as one record. */
    static final int MAX_LINE_BYTES = 32 << 20;

    private final ByteBuffer bytes;
    private final int[] starts;
    private final int lines;
    private final int longestBytes;

    private DemoInput(ByteBuffer bytes) {
        this.bytes = bytes;
        int[] found = new int[1024];
        int count = 0;
        int longest = 0;
        int start = 0;
        final int limit = bytes.limit();
        for (int at = 0; at < limit; at++) {
            if (bytes.get(at) == '\n' || at + 1 == limit) {
                if (count + 1 >= found.length) {
                    found = Arrays.copyOf(found, found.length * 2);
                }
                found[count++] = start;
                longest = Math.max(longest, (bytes.get(at) == '\n' ? at : at + 1) - start);
                start = at + 1;
            }
        }
        found[count] = limit;
        this.starts = found;
        this.lines = count;
        this.longestBytes = longest;
    }

    /**
     * Maps a file.
     *
     * @throws CommandFailure when the file is too large or has a line that is too long
     */
    static DemoInput of(Path file) throws IOException {
        final ByteBuffer bytes;
        try (FileChannel channel = FileChannel.open(file)) {
            if (channel.size() > Integer.MAX_VALUE - 8) {
                throw new CommandFailure(CommandFailure.FAILED, file + " is too large: maxBytes=" + Integer.MAX_VALUE);
            }
            final MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            bytes = mapped;
        }
        final DemoInput input = new DemoInput(bytes);
        if (input.longestBytes > MAX_LINE_BYTES) {
            throw new CommandFailure(
                    "RECORD_TOO_LARGE",
                    file + " has a line too long for a record: bytes=" + input.longestBytes + ", maxBytes="
                            + MAX_LINE_BYTES);
        }
        return input;
    }

    /** How many lines there are. */
    int lines() {
        return lines;
    }

    /** Bytes of all lines, without line ends. */
    long sizeBytes() {
        return (long) bytes.limit() - lines + (lines > 0 && bytes.get(bytes.limit() - 1) != '\n' ? 1 : 0);
    }

    /** Bytes of the longest line. */
    int longestBytes() {
        return longestBytes;
    }

    /** A copy of a line. */
    byte[] line(int index) {
        final byte[] line = new byte[end(index) - starts[index]];
        bytes.get(starts[index], line);
        return line;
    }

    /** True when a line is, byte for byte, the given one. */
    boolean isLine(int index, byte[] candidate) {
        return bytes.slice(starts[index], end(index) - starts[index]).equals(ByteBuffer.wrap(candidate));
    }

    private int end(int index) {
        final int next = starts[index + 1];
        return next > starts[index] && bytes.get(next - 1) == '\n' ? next - 1 : next;
    }
}
