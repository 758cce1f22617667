// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import io.varve.log.LogDirectory;
import io.varve.log.storage.ReadOnlyStorage;
import io.varve.log.storage.StorageException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds the logs that a directory stands for: itself, or those in it when it is a broker's. */
final class LogPaths {

    private LogPaths() {}

    /** The directories of all logs, sorted; never none. */
    static List<Path> all(Path directory) {
        if (Files.isRegularFile(directory)) {
            throw usage(directory + " is a file; give the directory that it is in");
        }
        if (holdsLog(directory)) {
            return List.of(directory);
        }
        final List<Path> inside;
        try (Stream<Path> paths = Files.list(directory)) {
            inside = paths.filter(Files::isDirectory)
                    .sorted()
                    .filter(LogPaths::holdsLog)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (inside.isEmpty()) {
            throw usage("no log in " + directory + ": neither it nor a directory in it holds a segment, such as "
                    + LogDirectory.logName(0));
        }
        return inside;
    }

    /** The directory of the one log that there is. */
    static Path one(Path directory) {
        final List<Path> all = all(directory);
        if (all.size() > 1) {
            final String names =
                    all.stream().map(path -> path.getFileName().toString()).collect(Collectors.joining(", "));
            throw usage(directory + " holds " + all.size() + " logs; give the directory of one of them: " + names);
        }
        return all.get(0);
    }

    private static boolean holdsLog(Path directory) {
        try {
            return !LogDirectory.of(ReadOnlyStorage.open(directory))
                    .baseOffsets()
                    .isEmpty();
        } catch (StorageException e) {
            throw new CommandFailure(CommandFailure.USAGE, String.valueOf(e.getMessage()), e);
        }
    }

    private static CommandFailure usage(String message) {
        return new CommandFailure(CommandFailure.USAGE, message);
    }
}
