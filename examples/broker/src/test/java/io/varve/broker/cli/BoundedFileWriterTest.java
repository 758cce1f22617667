// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tinylog.Level;
import org.tinylog.core.LogEntry;

class BoundedFileWriterTest {

    private @TempDir Path directory;

    @Test
    void shouldTakeTheClassesOfItsPackagesOnly() throws IOException {
        final Path file = directory.resolve("logs").resolve("controller.log");
        final BoundedFileWriter writer = writer(file, "io.varve.broker.controller");

        writer.write(entry("io.varve.broker.controller.Controller", "elected"));
        writer.write(entry("io.varve.broker.controllers.Other", "other"));
        writer.write(entry("io.varve.broker.Broker", "started"));
        writer.close();

        assertThat(Files.readString(file)).isEqualTo("elected" + System.lineSeparator());
    }

    @Test
    void shouldGoOnInAFileThatIsThere() throws IOException {
        final Path file = directory.resolve("server.log");
        for (String message : new String[] {"first", "second"}) {
            final BoundedFileWriter writer = writer(file, "");
            writer.write(entry("a.B", message));
            writer.close();
        }

        assertThat(Files.readAllLines(file)).containsExactly("first", "second");
    }

    @Test
    void shouldKeepAFewFilesOfBoundedSize() throws IOException {
        final Path file = directory.resolve("server.log");
        final BoundedFileWriter writer = writer(file, "");
        final String line = "x".repeat(1 << 20);

        for (int i = 0; i < 80; i++) {
            writer.write(entry("a.B", line));
        }
        writer.write(entry("a.B", "last"));
        writer.close();

        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).hasSize(6).allSatisfy(path -> assertThat(Files.size(path))
                    .isLessThanOrEqualTo(10 << 20));
        }
        assertThat(Files.readString(file)).endsWith("last" + System.lineSeparator());
    }

    private static BoundedFileWriter writer(Path file, String packages) throws IOException {
        return new BoundedFileWriter(Map.of("file", file.toString(), "packages", packages, "format", "{message-only}"));
    }

    private static LogEntry entry(String className, String message) {
        return new LogEntry(null, null, null, className, null, null, 0, null, Level.INFO, message, null);
    }
}
