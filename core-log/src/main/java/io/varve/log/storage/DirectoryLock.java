// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps others out of a directory: one holder among all processes, by a lock of the operating system on the file {@code .lock},
 * which is where Kafka's brokers have theirs. The lock ends with its process; the file stays.
 *
 * <p>Threading: safe.
 */
public final class DirectoryLock implements AutoCloseable {

    /** Name of the file that is locked. */
    public static final String FILE = ".lock";

    // Closing any channel of a file gives up all locks that the process has on it, so files of our own locks are not
    // opened again.
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private DirectoryLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Takes the lock of a directory that exists.
     *
     * @param directory the directory
     * @return the lock, held until it is closed
     * @throws DirectoryInUseException when another process, or another log of this one, holds it
     * @throws StorageException when the lock's file cannot be opened
     */
    public static DirectoryLock take(Path directory) {
        Path file = file(directory);
        if (!HELD.add(file)) {
            throw inUse(file, new IOException("held by this process"));
        }
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (tryLock(channel, false)) {
                return new DirectoryLock(file, channel);
            }
            channel.close();
            throw inUse(file, new IOException("held by another process"));
        } catch (IOException e) {
            HELD.remove(file);
            throw ChannelStorage.failed("lock", file, e);
        } catch (DirectoryInUseException e) {
            HELD.remove(file);
            throw e;
        }
    }

    /**
     * Whether the lock of a directory was ever taken.
     *
     * @param directory a directory, which need not exist
     * @return whether its lock's file exists
     */
    public static boolean isKnown(Path directory) {
        return Files.exists(directory.resolve(FILE));
    }

    /**
     * Whether somebody holds the lock of a directory. Changes nothing; the answer may be old at once.
     *
     * @param directory a directory, which need not exist
     * @return false when it is free or its lock's file cannot be read
     */
    public static boolean isHeld(Path directory) {
        if (!Files.isReadable(directory.resolve(FILE))) {
            return false;
        }
        Path file = file(directory);
        if (HELD.contains(file)) {
            return true;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return !tryLock(channel, true);
        } catch (IOException e) {
            throw ChannelStorage.failed("lock", file, e);
        }
    }

    private static Path file(Path directory) {
        try {
            return directory.toRealPath().resolve(FILE);
        } catch (IOException e) {
            throw ChannelStorage.failed("find", directory, e);
        }
    }

    private static boolean tryLock(FileChannel channel, boolean shared) throws IOException {
        try {
            FileLock lock = channel.tryLock(0, Long.MAX_VALUE, shared);
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    private static DirectoryInUseException inUse(Path file, IOException cause) {
        String message = "the directory is in use; close the log or stop the process that has it open: directory="
                + file.getParent() + ", reason=" + cause.getMessage();
        return new DirectoryInUseException(message, cause);
    }

    /** Lets others in. Idempotent. */
    @Override
    public void close() {
        if (channel.isOpen()) {
            try {
                channel.close();
            } catch (IOException e) {
                throw ChannelStorage.failed("unlock", file, e);
            } finally {
                HELD.remove(file);
            }
        }
    }
}
