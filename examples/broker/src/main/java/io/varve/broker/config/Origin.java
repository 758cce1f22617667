// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import org.jspecify.annotations.Nullable;

/**
 * Where a setting was written.
 *
 * <p>Threading: immutable.
 *
 * @param file the file's name as the user gave it, or null for the command line
 * @param line the line in the file, from 1; 0 when there is none
 */
public record Origin(@Nullable String file, int line) {

    static final Origin COMMAND_LINE = new Origin(null, 0);

    @Override
    public String toString() {
        if (file == null) {
            return "--set";
        }
        return line == 0 ? file : file + ":" + line;
    }
}
