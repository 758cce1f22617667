// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream into lines at {@code \n}, as bytes. A last line needs no line end; an empty line is a line.
 *
 * <p>Threading: confined to the caller's thread.
 */
final class LineReader {

    private final InputStream in;
    private final int maxLineBytes;
    private final byte[] buffer = new byte[1 << 16];
    private int at;
    private int end;
    private long lineNumber;

    LineReader(InputStream in, int maxLineBytes) {
        this.in = in;
        this.maxLineBytes = maxLineBytes;
    }

    /** The number of the line that {@link #next} returned last, from 1. */
    long lineNumber() {
        return lineNumber;
    }

    /**
     * The next line without its end, or null at the end of the stream.
     *
     * @throws CommandFailure when the line is longer than allowed
     */
    byte @Nullable [] next() throws IOException {
        ByteArrayOutputStream begun = null;
        while (true) {
            if (at == end) {
                end = in.read(buffer);
                at = 0;
                if (end <= 0) {
                    end = 0;
                    return begun == null ? null : counted(begun.toByteArray());
                }
            }
            int stop = at;
            while (stop < end && buffer[stop] != '\n') {
                stop++;
            }
            if (begun == null && stop < end) {
                final byte[] line = Arrays.copyOfRange(buffer, at, stop);
                at = stop + 1;
                return counted(line);
            }
            begun = begun == null ? new ByteArrayOutputStream() : begun;
            begun.write(buffer, at, stop - at);
            at = stop;
            if (begun.size() > maxLineBytes) {
                throw new CommandFailure(
                        "RECORD_TOO_LARGE",
                        "line " + (lineNumber + 1) + " is longer than a record may be: maxBytes=" + maxLineBytes);
            }
            if (stop < end) {
                at = stop + 1;
                return counted(begun.toByteArray());
            }
        }
    }

    private byte[] counted(byte[] line) {
        lineNumber++;
        return line;
    }
}
