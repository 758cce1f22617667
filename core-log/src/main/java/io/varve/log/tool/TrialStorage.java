// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import io.varve.log.LogDirectory;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A storage in which everything can be tried and nothing happens: changes are kept in memory, above another storage that is only read.
 *
 * <p>A file that is only cut off or renamed stays where it is, so a trial on large segments needs little memory; one that is written
 * to is copied first.
 *
 * <p>Threading: confined to one thread.
 */
final class TrialStorage implements Storage {

    /** A file below, and how much of it is still seen. */
    private record Below(String name, long sizeBytes) {}

    private final Storage below;
    private final MemoryStorage changed = new MemoryStorage();
    private final Map<String, Below> seen = new HashMap<>();

    TrialStorage(Storage below) {
        this.below = below;
        for (String name : below.names()) {
            try (StorageFile file = below.open(name)) {
                seen.put(name, new Below(name, file.sizeBytes()));
            }
        }
    }

    /**
     * The files as opening the log finds them once it has finished what a crash has interrupted of a compaction or a reset: the storage itself
     * when there is nothing to finish, else a trial above it.
     */
    static Storage settled(Storage storage) {
        LogDirectory directory = LogDirectory.of(storage);
        if (directory.swaps().isEmpty() && directory.resets().isEmpty()) {
            return storage;
        }
        TrialStorage trial = new TrialStorage(storage);
        LogDirectory.settle(trial);
        return trial;
    }

    @Override
    public StorageFile open(String name) {
        return new TrialFile(name);
    }

    @Override
    public void prepare(String name, long sizeBytes) {
        if (!exists(name)) {
            changed.open(name).close();
        }
    }

    @Override
    public boolean exists(String name) {
        return seen.containsKey(name) || changed.exists(name);
    }

    @Override
    public List<String> names() {
        List<String> names = new ArrayList<>(seen.keySet());
        names.addAll(changed.names());
        return names;
    }

    @Override
    public void rename(String from, String to) {
        Below moved = seen.remove(from);
        seen.remove(to);
        if (moved == null) {
            changed.rename(from, to);
        } else {
            changed.delete(to);
            seen.put(to, moved);
        }
    }

    @Override
    public void delete(String name) {
        seen.remove(name);
        changed.delete(name);
    }

    @Override
    public void force() {}

    @Override
    public String toString() {
        return below.toString();
    }

    private final class TrialFile implements StorageFile {

        private final String name;

        TrialFile(String name) {
            this.name = name;
            if (!exists(name)) {
                changed.open(name).close();
            }
        }

        @Override
        public long sizeBytes() {
            Below known = seen.get(name);
            return known == null ? changedFile().sizeBytes() : known.sizeBytes();
        }

        @Override
        public long lastModifiedMs() {
            return 0;
        }

        @Override
        public int read(ByteBuffer target, long position) {
            Below known = seen.get(name);
            if (known == null) {
                return changedFile().read(target, position);
            }
            int wanted = (int) Math.max(0, Math.min(target.remaining(), known.sizeBytes() - position));
            try (StorageFile file = below.open(known.name())) {
                int limit = target.limit();
                target.limit(target.position() + wanted);
                int read = file.read(target, position);
                target.limit(limit);
                return read;
            }
        }

        @Override
        public void write(ByteBuffer source, long position) {
            copyUp();
            changedFile().write(source, position);
        }

        private void copyUp() {
            Below known = seen.get(name);
            if (known != null) {
                ByteBuffer all = ByteBuffer.allocate((int) known.sizeBytes());
                read(all, 0);
                seen.remove(name);
                changedFile().write(all.flip(), 0);
            }
        }

        @Override
        public void truncate(long sizeBytes) {
            Below known = seen.get(name);
            if (known == null) {
                changedFile().truncate(sizeBytes);
            } else {
                seen.put(name, new Below(known.name(), Math.min(sizeBytes, known.sizeBytes())));
            }
        }

        private StorageFile changedFile() {
            return changed.open(name);
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
