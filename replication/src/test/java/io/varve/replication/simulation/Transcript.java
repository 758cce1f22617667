// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A case that is told as text: a line that begins with {@code >} is a command, the lines that follow it are what must come of it, and one
 * that begins with {@code #} and a space is a comment.
 */
public final class Transcript {

    private Transcript() {}

    /** {@return the transcripts of a directory, by their names} */
    public static List<Path> in(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    /**
     * Runs the commands of a transcript.
     *
     * @param lines of the transcript; only commands, comments and blank lines count
     * @param run carries a command out and returns what has come of it
     * @return the transcript as it should be, to be compared as a whole
     */
    public static String of(List<String> lines, Function<String, List<String>> run) {
        StringBuilder transcript = new StringBuilder();
        for (String line : lines) {
            if (line.startsWith("> ")) {
                transcript.append(line).append('\n');
                run.apply(line.substring(2))
                        .forEach(output -> transcript.append(output).append('\n'));
            } else if (line.startsWith("# ") || line.isBlank()) {
                transcript.append(line).append('\n');
            }
        }
        return transcript.toString();
    }
}
