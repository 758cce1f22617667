// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.storage;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.replication.partition.LastEnd;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file by which the next process finds out how this one has ended. While one runs, it has the boot of the system that it runs in: found
 * again in the same boot, what the process has written is there although nobody has forced it. A process that has forced and closed
 * everything says so last.
 *
 * <pre>
 *   version=1
 *   state=running | closed
 *   boot.id=...              of Linux, empty where the system has none
 * </pre>
 *
 * <p>Threading: safe as long as one thread at a time writes.
 */
final class ProcessEnd {

    static final String FILE = "process-end";

    private static final Logger LOG = LoggerFactory.getLogger(ProcessEnd.class);
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final String RUNNING = "running";
    private static final String CLOSED = "closed";

    private ProcessEnd() {}

    /** The boot that this system runs in, empty when it does not say. */
    static String bootId() {
        try {
            return Files.exists(BOOT_ID) ? Files.readString(BOOT_ID).strip() : "";
        } catch (IOException e) {
            LOG.warn("Not readable: file={}", BOOT_ID, e);
            return "";
        }
    }

    /**
     * How the last process has ended that had a directory which was in use before.
     *
     * @param bootId of the system now
     */
    static LastEnd read(Path directory, String bootId) {
        Path file = directory.resolve(FILE);
        if (!Files.exists(file)) {
            return LastEnd.UNKNOWN;
        }
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(Files.readString(file)));
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn("Not readable: file={}", file, e);
            return LastEnd.UNKNOWN;
        }
        String state = properties.getProperty("state", "");
        if (state.equals(CLOSED)) {
            return LastEnd.CLEAN;
        }
        boolean isSameBoot = !bootId.isEmpty() && bootId.equals(properties.getProperty("boot.id", ""));
        return state.equals(RUNNING) && isSameBoot ? LastEnd.PROCESS_DEATH : LastEnd.UNKNOWN;
    }

    /** Durably says that a process has a directory. */
    static void writeRunning(Path directory, String bootId) {
        write(directory, RUNNING, bootId);
    }

    /** Durably says that the process has forced and closed all that it had in a directory. */
    static void writeClosed(Path directory, String bootId) {
        write(directory, CLOSED, bootId);
    }

    private static void write(Path directory, String state, String bootId) {
        Path next = directory.resolve(FILE + ".tmp");
        String text = "version=1\nstate=" + state + "\nboot.id=" + bootId + "\n";
        try {
            try (FileChannel channel = FileChannel.open(
                    next, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(next, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
            try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
                names.force(true);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write: directory=" + directory + ", state=" + state, e);
        }
    }
}
