// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A directory that exists already, and in which nothing can be changed: files are opened for reading, and whatever would create,
 * write, rename or delete throws an {@link UnsupportedOperationException}. Rights to read are enough.
 *
 * <p>Threading: safe.
 */
public final class ReadOnlyStorage implements Storage {

    private final Path directory;

    private ReadOnlyStorage(Path directory) {
        this.directory = directory;
    }

    /**
     * Opens a directory.
     *
     * @param directory a directory, or a link to one
     * @return the storage
     * @throws StorageException when it does not exist, is no directory or cannot be read
     */
    public static ReadOnlyStorage open(Path directory) {
        if (!Files.exists(directory)) {
            throw ChannelStorage.failed("open", directory, new NoSuchFileException(null, null, "it does not exist"));
        }
        if (!Files.isDirectory(directory)) {
            throw ChannelStorage.failed("open", directory, new NotDirectoryException("it is not a directory"));
        }
        if (!Files.isReadable(directory) || !Files.isExecutable(directory)) {
            throw ChannelStorage.failed("open", directory, new IOException("no permission to read it"));
        }
        return new ReadOnlyStorage(directory);
    }

    @Override
    public StorageFile open(String name) {
        Path path = directory.resolve(name);
        try {
            return new ReadOnlyFile(path, FileChannel.open(path, StandardOpenOption.READ));
        } catch (NoSuchFileException e) {
            throw ChannelStorage.failed("open", path, new IOException("it does not exist", e));
        } catch (IOException e) {
            throw ChannelStorage.failed(
                    "open",
                    path,
                    new IOException(Files.isReadable(path) ? e.getMessage() : "no permission to read it", e));
        }
    }

    @Override
    public boolean exists(String name) {
        return Files.exists(directory.resolve(name));
    }

    @Override
    public List<String> names() {
        return ChannelStorage.names(directory).stream()
                .filter(name -> Files.isRegularFile(directory.resolve(name)))
                .toList();
    }

    @Override
    public void prepare(String name, long sizeBytes) {
        throw refused("prepare", directory.resolve(name));
    }

    @Override
    public void rename(String from, String to) {
        throw refused("rename", directory.resolve(from));
    }

    @Override
    public void delete(String name) {
        throw refused("delete", directory.resolve(name));
    }

    @Override
    public void force() {
        throw refused("force", directory);
    }

    @Override
    public String toString() {
        return directory.toString();
    }

    private static UnsupportedOperationException refused(String operation, Path path) {
        return new UnsupportedOperationException("opened for reading only: operation=" + operation + ", file=" + path);
    }

    /** One file; an interrupt during a read closes it, and the read fails. */
    private static final class ReadOnlyFile implements StorageFile {

        private final Path path;
        private final FileChannel channel;

        ReadOnlyFile(Path path, FileChannel channel) {
            this.path = path;
            this.channel = channel;
        }

        @Override
        public long sizeBytes() {
            try {
                return channel.size();
            } catch (IOException e) {
                throw ChannelStorage.failed("size", path, e);
            }
        }

        @Override
        public long lastModifiedMs() {
            try {
                return Files.getLastModifiedTime(path).toMillis();
            } catch (IOException e) {
                throw ChannelStorage.failed("last modified time", path, e);
            }
        }

        @Override
        public int read(ByteBuffer target, long position) {
            int read = 0;
            try {
                while (target.hasRemaining()) {
                    int step = channel.read(target, position + read);
                    if (step < 0) {
                        break;
                    }
                    read += step;
                }
                return read;
            } catch (IOException e) {
                throw ChannelStorage.failed("read", path, e);
            }
        }

        @Override
        public void write(ByteBuffer source, long position) {
            throw refused("write", path);
        }

        @Override
        public void truncate(long sizeBytes) {
            throw refused("truncate", path);
        }

        @Override
        public void force() {
            throw refused("force", path);
        }

        @Override
        public FileChannel channel() {
            return channel;
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw ChannelStorage.failed("close", path, e);
            }
        }
    }
}
