// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A file behind a {@link FileChannel} that survives interrupts.
 *
 * <p>A channel that was closed by an interrupt is replaced by a new one on the same path. So a file that was deleted or renamed
 * while it was open cannot be used on after an interrupt, and says so. Every operation names its position, so repeating one from its start
 * changes nothing.
 *
 * <p>Threading: one writer, any readers.
 */
final class ChannelFile implements StorageFile {

    private final Path path;
    private final Object key;

    private volatile FileChannel channel;

    @GuardedBy("this")
    private boolean closed;

    private ChannelFile(Path path, FileChannel channel, Object key) {
        this.path = path;
        this.channel = channel;
        this.key = key;
    }

    static ChannelFile open(Path path) throws IOException {
        FileChannel channel =
                FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        return new ChannelFile(path, channel, identity(path));
    }

    /** What tells the file apart from another that was given its name, where the platform has it. */
    private static Object identity(Path path) throws IOException {
        try {
            Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
            return key == null ? path : key;
        } catch (NoSuchFileException e) {
            // Deleted between being opened and being asked: whatever gets the name is another file.
            return new Object();
        }
    }

    /** One use of the channel, which may be repeated. */
    @FunctionalInterface
    private interface Use {
        long with(FileChannel channel) throws IOException;
    }

    private long use(String operation, Use use) {
        boolean interrupted = false;
        try {
            while (true) {
                FileChannel current = channel;
                try {
                    return use.with(current);
                } catch (ClosedChannelException e) {
                    interrupted |= Thread.interrupted();
                    reopen(current, e);
                }
            }
        } catch (IOException e) {
            throw failed(operation, e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private synchronized void reopen(FileChannel lost, ClosedChannelException reason) throws IOException {
        if (closed) {
            throw reason;
        }
        if (channel == lost) {
            FileChannel again = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (!identity(path).equals(key)) {
                again.close();
                throw new IOException("the file was deleted or renamed, and an interrupt has closed it");
            }
            channel = again;
        }
    }

    @Override
    public long sizeBytes() {
        return use("size", FileChannel::size);
    }

    @Override
    public long lastModifiedMs() {
        try {
            return Files.getLastModifiedTime(path).toMillis();
        } catch (IOException e) {
            throw failed("last modified time", e);
        }
    }

    /** Makes the present the time of the last change; a deleted file has none. */
    void modifiedNow() {
        try {
            Files.setLastModifiedTime(path, FileTime.fromMillis(System.currentTimeMillis()));
        } catch (NoSuchFileException e) {
            // Nobody can ask any more.
        } catch (IOException e) {
            throw failed("set last modified time", e);
        }
    }

    /** Maps the beginning of the file for writing; the mapping outlives the file. */
    Mapping map(int sizeBytes) {
        AtomicReference<@Nullable Mapping> mapping = new AtomicReference<>();
        use("map", current -> {
            mapping.set(Mapping.of(current, sizeBytes));
            return sizeBytes;
        });
        return Objects.requireNonNull(mapping.get());
    }

    StorageException failed(String operation, IOException cause) {
        return ChannelStorage.failed(operation, path, cause);
    }

    @Override
    public int read(ByteBuffer target, long position) {
        int start = target.position();
        try {
            // The common case, without an object for the use.
            return readFully(channel, target, position);
        } catch (ClosedChannelException e) {
            return (int) use("read", current -> readFully(current, target.position(start), position));
        } catch (IOException e) {
            throw failed("read", e);
        }
    }

    private static int readFully(FileChannel channel, ByteBuffer target, long position) throws IOException {
        int read = 0;
        while (target.hasRemaining()) {
            int step = channel.read(target, position + read);
            if (step < 0) {
                break;
            }
            read += step;
        }
        return read;
    }

    @Override
    public void write(ByteBuffer source, long position) {
        int start = source.position();
        try {
            writeFully(channel, source, position);
        } catch (ClosedChannelException e) {
            use("write", current -> writeFully(current, source.position(start), position));
        } catch (IOException e) {
            throw failed("write", e);
        }
    }

    private static long writeFully(FileChannel channel, ByteBuffer source, long position) throws IOException {
        long at = position;
        while (source.hasRemaining()) {
            at += channel.write(source, at);
        }
        return at;
    }

    @Override
    public void truncate(long sizeBytes) {
        use("truncate", current -> current.truncate(sizeBytes).size());
    }

    @Override
    public void force() {
        use("force", current -> {
            current.force(false);
            return 0;
        });
    }

    @Override
    public FileChannel channel() {
        if (!channel.isOpen()) {
            sizeBytes();
        }
        return channel;
    }

    @Override
    public synchronized void close() {
        closed = true;
        try {
            channel.close();
        } catch (IOException e) {
            throw failed("close", e);
        }
    }
}
