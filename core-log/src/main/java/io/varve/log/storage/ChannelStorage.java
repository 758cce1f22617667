// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A directory of the file system, read and written through {@link FileChannel}, never mapped.
 *
 * <p>An interrupted thread must not read or write: the platform closes the channel under it.
 *
 * <p>Threading: safe.
 */
public final class ChannelStorage implements Storage {

    private final Path directory;

    private ChannelStorage(Path directory) {
        this.directory = directory;
    }

    /** Opens a directory, creating it and its parents when they do not exist. */
    public static ChannelStorage open(Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw failed("create directory", directory, e);
        }
        return new ChannelStorage(directory);
    }

    @Override
    public StorageFile open(String name) {
        Path path = directory.resolve(name);
        try {
            FileChannel channel = FileChannel.open(
                    path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
            return new ChannelFile(path, channel);
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
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .collect(Collectors.toList());
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
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            throw failed("force", directory, e);
        }
    }

    @Override
    public String toString() {
        return directory.toString();
    }

    private static StorageException failed(String operation, Path path, IOException cause) {
        String message = operation + " failed: file=" + path + ", reason=" + cause.getMessage();
        // The platform tells a full disk apart only by its message.
        String reason = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        return reason.contains("no space left") || reason.contains("quota exceeded")
                ? new OutOfSpaceException(message, cause)
                : new StorageException(message, cause);
    }

    private static final class ChannelFile implements StorageFile {

        private final Path path;
        private final FileChannel channel;

        ChannelFile(Path path, FileChannel channel) {
            this.path = path;
            this.channel = channel;
        }

        @Override
        public long sizeBytes() {
            try {
                return channel.size();
            } catch (IOException e) {
                throw failed("size", path, e);
            }
        }

        @Override
        public long lastModifiedMs() {
            try {
                return Files.getLastModifiedTime(path).toMillis();
            } catch (IOException e) {
                throw failed("last modified time", path, e);
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
            } catch (IOException e) {
                throw failed("read", path, e);
            }
            return read;
        }

        @Override
        public void write(ByteBuffer source, long position) {
            long at = position;
            try {
                while (source.hasRemaining()) {
                    at += channel.write(source, at);
                }
            } catch (IOException e) {
                throw failed("write", path, e);
            }
        }

        @Override
        public void truncate(long sizeBytes) {
            try {
                channel.truncate(sizeBytes);
            } catch (IOException e) {
                throw failed("truncate", path, e);
            }
        }

        @Override
        public void force() {
            try {
                channel.force(false);
            } catch (IOException e) {
                throw failed("force", path, e);
            }
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
                throw failed("close", path, e);
            }
        }
    }
}
