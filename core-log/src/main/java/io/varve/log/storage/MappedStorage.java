// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A directory of the file system in which prepared files are written through memory: an append costs a copy and no call of the system.
 *
 * <p>Only writes and their forces are mapped. Reads and recovery go through the channel, so that a medium that cannot be read is an
 * exception and not the end of the process; what was written through memory is seen by them at once, because both are views of one page
 * cache, and survives the death of the process as what was written through a channel does. Files that were not prepared are plain
 * {@link ChannelStorage} files.
 *
 * <p>{@link #prepare} writes the whole file out with zeros and makes it durable, so a full disk is found there and never by an
 * append. A log takes the disk space of a whole segment at once, and that of the next as soon as the first is an eighth full. Mapped
 * are the active segment and the one prepared; both are unmapped when they are truncated, closed or deleted. On a file system that
 * writes a block to a new place when it changes (btrfs, ZFS), being written out proves nothing: use {@link ChannelStorage} there.
 *
 * <p>It is for one process's lowest latencies. A page fault on a disk that hangs stops all threads of the JVM at their next safepoint,
 * where {@link ChannelStorage} stops the one that writes; a page that cannot be read, or that somebody outside has cut off, is an
 * {@link InternalError}, which older versions of the platform throw late. Somebody should step the log's upkeep job, which prepares
 * files and takes the page faults; else appends do.
 *
 * <p>Needs no flag and no dependency. For Linux, where mapped memory and channels share one page cache.
 *
 * <p>Threading: safe.
 */
public final class MappedStorage implements Storage {

    private static final int ZEROS_BYTES = 1 << 20;
    private static final int READY_BYTES = 256 << 10;

    private final ChannelStorage files;
    private final Path directory;
    private final Map<String, Mapping> prepared = new ConcurrentHashMap<>();

    private MappedStorage(Path directory) {
        this.files = ChannelStorage.open(directory);
        this.directory = directory;
    }

    /**
     * Opens a directory, creating it and its parents when they do not exist.
     *
     * @param directory the directory
     * @return the storage
     */
    public static MappedStorage open(Path directory) {
        return new MappedStorage(directory);
    }

    /** Opens a file; the first one to open a file that was prepared gets the mapping. */
    @Override
    public StorageFile open(String name) {
        ChannelFile file = files.open(name);
        Mapping mapping = prepared.remove(name);
        return mapping == null ? file : new MappedFile(file, mapping);
    }

    @Override
    public void prepare(String name, long sizeBytes) {
        int mappedBytes = (int) Math.min(sizeBytes, Integer.MAX_VALUE);
        unmap(prepared.remove(name));
        boolean created = !exists(name);
        try (ChannelFile file = files.open(name)) {
            long startBytes = file.sizeBytes();
            if (startBytes >= mappedBytes) {
                return;
            }
            try {
                requireSpace(sizeBytes - startBytes);
                writeOut(file, startBytes, mappedBytes);
            } catch (OutOfSpaceException e) {
                // What could not be used would be missed elsewhere.
                file.truncate(startBytes);
                if (created) {
                    delete(name);
                }
                throw e;
            }
            Mapping mapping = file.map(mappedBytes);
            mapping.touch(startBytes, READY_BYTES);
            prepared.put(name, mapping);
        }
    }

    private void writeOut(ChannelFile file, long startBytes, long endBytes) {
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(ZEROS_BYTES, endBytes - startBytes));
        for (long at = startBytes; at < endBytes; at += zeros.capacity()) {
            file.write(zeros.clear().limit((int) Math.min(zeros.capacity(), endBytes - at)), at);
        }
        file.force();
    }

    /** Asks first: finding out by writing would write as much as there is, again at every attempt. */
    private void requireSpace(long bytes) {
        try {
            long usableBytes = Files.getFileStore(directory).getUsableSpace();
            if (usableBytes < bytes) {
                String message =
                        "prepare failed: directory=" + directory + ", bytes=" + bytes + ", usable=" + usableBytes;
                throw new OutOfSpaceException(message, new IOException("no space left"));
            }
        } catch (IOException e) {
            throw ChannelStorage.failed("free space", directory, e);
        }
    }

    @Override
    public boolean exists(String name) {
        return files.exists(name);
    }

    @Override
    public List<String> names() {
        return files.names();
    }

    @Override
    public void rename(String from, String to) {
        files.rename(from, to);
        unmap(prepared.remove(to));
        Mapping mapping = prepared.remove(from);
        if (mapping != null) {
            prepared.put(to, mapping);
        }
    }

    @Override
    public void delete(String name) {
        files.delete(name);
        unmap(prepared.remove(name));
    }

    private static void unmap(@Nullable Mapping mapping) {
        if (mapping != null) {
            mapping.unmap();
        }
    }

    @Override
    public void force() {
        files.force();
    }

    @Override
    public String toString() {
        return files.toString();
    }
}
