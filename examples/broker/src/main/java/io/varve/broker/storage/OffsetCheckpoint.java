// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An offset for each partition of a log directory, in Kafka's file {@code replication-offset-checkpoint}:
 *
 * <pre>
 *   0                     version
 *   COUNT                 lines that follow
 *   TOPIC INDEX OFFSET
 * </pre>
 *
 * <p>It is written anew as a whole and not forced. What it says is a lower bound, so one that is lost or old does no harm but that fewer
 * records are known to be committed until the replicas have talked.
 */
final class OffsetCheckpoint {

    private static final Logger LOG = LoggerFactory.getLogger(OffsetCheckpoint.class);
    private static final String FILE = "replication-offset-checkpoint";

    private OffsetCheckpoint() {}

    /** What stands in a directory, by {@code TOPIC-INDEX}; nothing when there is no file, or another than this. */
    static Map<String, Long> read(Path directory) {
        Path file = directory.resolve(FILE);
        Map<String, Long> offsets = new HashMap<>();
        try {
            List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of("0", "0");
            if (lines.size() < 2
                    || !lines.get(0).equals("0")
                    || !lines.get(1).equals(String.valueOf(lines.size() - 2))) {
                throw new IllegalArgumentException("version or number of lines are wrong");
            }
            for (String line : lines.subList(2, lines.size())) {
                String[] fields = line.split(" ", -1);
                if (fields.length != 3) {
                    throw new IllegalArgumentException("not a topic, a number and an offset: line=" + line);
                }
                offsets.put(fields[0] + "-" + Integer.parseInt(fields[1]), Long.parseLong(fields[2]));
            }
            return offsets;
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn("Not read, and made anew: file={}, reason={}", file, e.getMessage());
            return Map.of();
        }
    }

    static void write(Path directory, Map<String, Long> offsets) {
        StringBuilder text = new StringBuilder("0\n").append(offsets.size()).append('\n');
        new TreeMap<>(offsets).forEach((name, offset) -> {
            int dash = name.lastIndexOf('-');
            text.append(name, 0, dash)
                    .append(' ')
                    .append(name, dash + 1, name.length())
                    .append(' ')
                    .append(offset)
                    .append('\n');
        });
        Path next = directory.resolve(FILE + ".tmp");
        try {
            Files.writeString(next, text);
            Files.move(
                    next, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot be written: file=" + directory.resolve(FILE), e);
        }
    }
}
