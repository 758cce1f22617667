// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.quickstart;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.LogReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A consumer that resumes where it was: its position is kept in the log's directory under a name, durably.
 *
 * <p>Threading: confined to one thread.
 */
public final class ResumeByCursor {

    private final PrintStream out;

    ResumeByCursor(PrintStream out) {
        this.out = out;
    }

    /** Runs the example in the directory {@code data/jobs}, or in the one that is given; run it again to see it resume. */
    public static void main(String[] arguments) {
        new ResumeByCursor(System.out).run(Path.of(arguments.length == 0 ? "data/jobs" : arguments[0]));
    }

    void run(Path directory) {
        try (CommitLog log = CommitLog.open(directory, LogConfig.defaults())) {
            for (int i = 0; i < 5; i++) {
                log.append(("job " + log.endOffset()).getBytes(StandardCharsets.UTF_8));
            }
            consume(log, 3);
        }
    }

    private void consume(CommitLog log, int records) {
        // -1 when nothing was committed yet; retention may have deleted what was
        long position = Math.max(log.cursor("billing"), log.startOffset());
        try (LogReader reader = log.readerAt(position)) {
            for (int i = 0; i < records && reader.next(); i++) {
                out.println(reader.offset() + ": " + text(reader.record().value()));
                position = reader.offset() + 1;
            }
        }
        log.commitCursor("billing", position); // durable when it returns; a crash before it repeats, and loses nothing
    }

    private static String text(@Nullable ByteBuffer bytes) {
        return bytes == null ? "nothing" : StandardCharsets.UTF_8.decode(bytes).toString();
    }
}
