// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.stress;

import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Files in plain arrays, without a lock or a volatile field: a reader sees the bytes of a writer only when the log itself has ordered
 * the two. A real file would hide what the log forgets, because its system calls are ordered by the kernel.
 *
 * <p>Threading: one writer, any readers.
 */
final class UnfencedStorage implements Storage {

    private final Map<String, UnfencedFile> files = new HashMap<>();

    @Override
    public StorageFile open(String name) {
        return files.computeIfAbsent(name, missing -> new UnfencedFile());
    }

    @Override
    public void prepare(String name, long sizeBytes) {
        open(name).close();
    }

    @Override
    public boolean exists(String name) {
        return files.containsKey(name);
    }

    @Override
    public List<String> names() {
        return new ArrayList<>(files.keySet());
    }

    @Override
    public void rename(String from, String to) {
        files.put(to, Objects.requireNonNull(files.remove(from)));
    }

    @Override
    public void delete(String name) {
        files.remove(name);
    }

    @Override
    public void force() {}

    private static final class UnfencedFile implements StorageFile {

        private static final int INITIAL_BYTES = 128;

        private byte[] bytes = new byte[INITIAL_BYTES];
        private int sizeBytes;

        @Override
        public long sizeBytes() {
            return sizeBytes;
        }

        @Override
        public long lastModifiedMs() {
            return 0;
        }

        @Override
        public int read(ByteBuffer target, long position) {
            int count = (int) Math.max(0, Math.min(target.remaining(), sizeBytes - position));
            target.put(bytes, (int) position, count);
            return count;
        }

        @Override
        public void write(ByteBuffer source, long position) {
            int end = (int) position + source.remaining();
            if (end > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
            }
            source.get(bytes, (int) position, source.remaining());
            sizeBytes = Math.max(sizeBytes, end);
        }

        @Override
        public void truncate(long newSizeBytes) {
            sizeBytes = (int) Math.min(sizeBytes, newSizeBytes);
        }

        @Override
        public void force() {}

        @Override
        public @Nullable FileChannel channel() {
            return null;
        }

        @Override
        public void close() {}
    }
}
