// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Directories for the time of a benchmark. */
final class Scratch {

    private Scratch() {}

    /** Creates a directory in {@code parent}, or in the temporary directory of the platform when that is empty. */
    static Path create(String parent) {
        try {
            return parent.isEmpty()
                    ? Files.createTempDirectory("varve-benchmark")
                    : Files.createTempDirectory(Path.of(parent), "varve-benchmark");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void delete(Path directory) {
        for (Path file : below(directory, Comparator.reverseOrder())) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Copies a directory into another that exists: taken of an open log, it is what a killed process leaves behind. */
    static void copy(Path from, Path to) {
        for (Path file : below(from, Comparator.naturalOrder())) {
            try {
                Path copy = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static List<Path> below(Path directory, Comparator<Path> order) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.sorted(order).collect(Collectors.toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
