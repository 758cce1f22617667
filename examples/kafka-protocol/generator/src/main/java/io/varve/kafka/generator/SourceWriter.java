// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka.generator;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;

/**
 * Indented lines.
 *
 * <p>Threading: confined to one thread.
 */
final class SourceWriter {

    private final StringBuilder text = new StringBuilder();
    private int depth;

    @FormatMethod
    void line(@FormatString String format, Object... arguments) {
        String line = arguments.length == 0 ? format : String.format(format, arguments);
        if (!line.isEmpty()) {
            text.append("    ".repeat(depth)).append(line);
        }
        text.append('\n');
    }

    @FormatMethod
    void open(@FormatString String format, Object... arguments) {
        line(format, arguments);
        depth++;
    }

    void close(String end) {
        depth--;
        line("%s", end);
    }

    /** Ends a block and opens the next one of the same statement. */
    void reopen(String between) {
        close(between);
        depth++;
    }

    String text() {
        return text.toString();
    }
}
