// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.quickstart;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.LogReader;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.RecordView;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The example of the README as a program: appends one record to a log, makes it durable and reads it back.
 *
 * <p>Threading: confined to one thread.
 */
public final class Quickstart {

    private final PrintStream out;

    Quickstart(PrintStream out) {
        this.out = out;
    }

    /** Runs the example in the directory {@code data/orders-0}, or in the one that is given. */
    public static void main(String[] arguments) {
        Path directory = Path.of(arguments.length == 0 ? "data/orders-0" : arguments[0]);
        new Quickstart(System.out).run(directory, bytes("order-17"), bytes("three varves, please"));
    }

    void run(Path directory, ByteBuffer key, ByteBuffer value) {
        try (CommitLog log = CommitLog.open(directory, LogConfig.defaults())) {
            int epoch = 1; // an older epoch would be fenced
            long baseOffset = log.append(new BatchBuilder().add(key, value).build(), epoch);
            long durable = log.flush(); // every offset below it is on disk

            try (LogReader reader = log.readerAt(baseOffset)) { // any number of readers, one thread each
                while (reader.next()) { // false at the end: try again later
                    consume(reader.offset(), reader.record()); // a view, valid until next()
                }
            }
            out.println("durable below " + durable);
        }
    }

    private void consume(long offset, RecordView record) {
        out.println(offset + ": " + text(record.key()) + " = " + text(record.value()));
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(@Nullable ByteBuffer bytes) {
        return bytes == null ? "nothing" : StandardCharsets.UTF_8.decode(bytes).toString();
    }
}
