// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What a log leaves on the disk. */
final class Footprint {

    private Footprint() {}

    /** Number of files that hold batches. */
    static long segments(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".log") || name.endsWith(".cq4") || name.endsWith(".plain"))
                    .count();
        }
    }
}
