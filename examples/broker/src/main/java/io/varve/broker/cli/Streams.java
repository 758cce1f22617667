// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * The three streams of a command, so that a test can give its own.
 *
 * <p>Threading: confined to the command's thread.
 *
 * @param in what the command reads
 * @param out the command's result, UTF-8, flushed when the command ends
 * @param err what is said about the work
 */
record Streams(InputStream in, PrintStream out, PrintStream err) {

    /** The streams of the process; records go through them as bytes, whatever the terminal's character set. */
    static Streams ofProcess() {
        final PrintStream out = new PrintStream(
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16),
                false,
                StandardCharsets.UTF_8);
        return new Streams(System.in, out, System.err);
    }
}
