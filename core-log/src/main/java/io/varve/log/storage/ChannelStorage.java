// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A directory of the file system, read and written through {@link FileChannel}, never mapped.
 *
 * <p>Interrupts close nothing: the platform closes a channel under a thread that is interrupted while it uses it, and under all others
 * that use it; the file then opens another, repeats the operation, and leaves the thread interrupted.
 *
 * <p>Threading: safe.
 */
public final class ChannelStorage implements Storage {

    private static final ByteBuffer ZERO = ByteBuffer.allocateDirect(1);

    private final Path directory;
    private final boolean preallocates;

    private ChannelStorage(Path directory, boolean preallocates) {
        this.directory = directory;
        this.preallocates = preallocates;
    }

    /**
     * Opens a directory, creating it and its parents when they do not exist.
     *
     * @param directory the directory
     * @return the storage
     */
    public static ChannelStorage open(Path directory) {
        return open(directory, false);
    }

    /**
     * Opens a directory whose files get their length before they are appended to, as Kafka's {@code log.preallocate} does. To force an append
     * is then to write its bytes; otherwise the file's new length must be made durable with it, which the file system's journal takes as
     * many writes for again. Worth it where every append is forced. The space is not taken before it is written to.
     *
     * @param directory the directory; created with its parents when it does not exist
     * @return the storage
     */
    public static ChannelStorage preallocating(Path directory) {
        return open(directory, true);
    }

    private static ChannelStorage open(Path directory, boolean preallocates) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw failed("create directory", directory, e);
        }
        return new ChannelStorage(directory, preallocates);
    }

    @Override
    public ChannelFile open(String name) {
        Path path = directory.resolve(name);
        try {
            return ChannelFile.open(path);
        } catch (IOException e) {
            throw failed("open", path, e);
        }
    }

    @Override
    public void prepare(String name, long sizeBytes) {
        try (ChannelFile file = open(name)) {
            if (preallocates && file.sizeBytes() < sizeBytes) {
                file.write(ZERO.duplicate(), sizeBytes - 1);
            }
        }
    }

    @Override
    public boolean exists(String name) {
        return Files.exists(directory.resolve(name));
    }

    @Override
    public List<String> names() {
        return names(directory);
    }

    static List<String> names(Path directory) {
        // In a process that has just started, the stream takes eight times as long for each name.
        String[] names = directory.getFileSystem() == FileSystems.getDefault()
                ? directory.toFile().list()
                : null;
        if (names != null) {
            return Arrays.asList(names);
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toList());
        } catch (IOException e) {
            throw failed("list", directory, e);
        }
    }

    @Override
    public void rename(String from, String to) {
        try {
            Files.move(directory.resolve(from), directory.resolve(to), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw failed("rename to " + to, directory.resolve(from), e);
        }
    }

    @Override
    public void delete(String name) {
        try {
            Files.deleteIfExists(directory.resolve(name));
        } catch (IOException e) {
            throw failed("delete", directory.resolve(name), e);
        }
    }

    @Override
    public void force() {
        boolean interrupted = false;
        try {
            while (!forced()) {
                interrupted |= Thread.interrupted();
            }
        } catch (IOException e) {
            throw failed("force", directory, e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** False when an interrupt has closed the channel. */
    private boolean forced() throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
            return true;
        } catch (ClosedByInterruptException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return directory.toString();
    }

    static StorageException failed(String operation, Path path, IOException cause) {
        String message = operation + " failed: file=" + path + ", reason=" + cause.getMessage();
        // The platform tells a full disk apart only by its message.
        String reason = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        return reason.contains("no space left") || reason.contains("quota exceeded")
                ? new OutOfSpaceException(message, cause)
                : new StorageException(message, cause);
    }
}
