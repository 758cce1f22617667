// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.io.IOException;
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

    private final Path directory;

    private ChannelStorage(Path directory) {
        this.directory = directory;
    }

    /**
     * Opens a directory, creating it and its parents when they do not exist.
     *
     * @param directory the directory
     * @return the storage
     */
    public static ChannelStorage open(Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw failed("create directory", directory, e);
        }
        return new ChannelStorage(directory);
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
        open(name).close();
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
