// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.tinylog.core.LogEntry;
import org.tinylog.core.LogEntryValue;
import org.tinylog.writers.AbstractFormatPatternWriter;

/**
 * Writes log entries to a file that keeps its name and its size: a full file becomes NAME.1, the one before NAME.2, and
 * so on; the oldest is dropped. With the property {@code packages}, only entries of classes in these packages.
 *
 * <p>Threading: safe; the log calls it from any thread.
 */
public final class BoundedFileWriter extends AbstractFormatPatternWriter {

    private static final long MAX_FILE_BYTES = 10 << 20;
    private static final int OLDER_FILES = 5;

    private final Path file;
    private final List<String> prefixes = new ArrayList<>();
    private OutputStream out;
    private long sizeBytes;

    /**
     * Opens or continues the file.
     *
     * @param properties {@code file}, {@code packages} between spaces, {@code format}
     * @throws IOException when the file cannot be written
     */
    public BoundedFileWriter(Map<String, String> properties) throws IOException {
        super(properties);
        this.file = Path.of(String.valueOf(properties.get("file")));
        for (String name : properties.getOrDefault("packages", "").split(" ", -1)) {
            if (!name.isEmpty()) {
                prefixes.add(name + ".");
            }
        }
        final Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        this.sizeBytes = Files.exists(file) ? Files.size(file) : 0;
        this.out = open();
    }

    @Override
    public Collection<LogEntryValue> getRequiredLogEntryValues() {
        final Collection<LogEntryValue> values = EnumSet.of(LogEntryValue.CLASS);
        values.addAll(super.getRequiredLogEntryValues());
        return values;
    }

    @Override
    public void write(LogEntry entry) throws IOException {
        if (!isMine(entry)) {
            return;
        }
        final byte[] line = render(entry).getBytes(StandardCharsets.UTF_8);
        synchronized (this) {
            if (sizeBytes + line.length > MAX_FILE_BYTES && sizeBytes > 0) {
                startNewFile();
            }
            out.write(line);
            sizeBytes += line.length;
        }
    }

    private boolean isMine(LogEntry entry) {
        final String className = entry.getClassName();
        return prefixes.isEmpty() || (className != null && prefixes.stream().anyMatch(className::startsWith));
    }

    private void startNewFile() throws IOException {
        out.close();
        for (int number = OLDER_FILES - 1; number >= 1; number--) {
            if (Files.exists(older(number))) {
                Files.move(older(number), older(number + 1), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Files.move(file, older(1), StandardCopyOption.REPLACE_EXISTING);
        sizeBytes = 0;
        out = open();
    }

    private Path older(int number) {
        return file.resolveSibling(file.getFileName() + "." + number);
    }

    private OutputStream open() throws IOException {
        return Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    @Override
    public synchronized void flush() throws IOException {
        out.flush();
    }

    @Override
    public synchronized void close() throws IOException {
        out.close();
    }
}
