// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import io.varve.log.storage.StorageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Another storage of which one call, whatever its kind, fails without having done anything, and all others work. */
final class FaultyStorage implements Storage {

    private final Storage storage;
    private long calls;
    private long failingCall = Long.MAX_VALUE;
    private final List<String> openFiles = new ArrayList<>();

    FaultyStorage(Storage storage) {
        this.storage = storage;
    }

    /** Calls so far. */
    long calls() {
        return calls;
    }

    /** Lets the call fail that comes after so many others, counted from now. */
    void failAfter(long calls) {
        this.failingCall = this.calls + calls;
    }

    /** Lets no call fail any more; whether one did. */
    boolean heal() {
        boolean failed = calls > failingCall;
        failingCall = Long.MAX_VALUE;
        return failed;
    }

    /** Files that were opened and not closed. */
    List<String> openFiles() {
        return openFiles;
    }

    private <T extends @Nullable Object> T call(String what, Supplier<T> call) {
        if (calls++ == failingCall) {
            throw new StorageException("made to fail: operation=" + what, new IOException("made to fail"));
        }
        return call.get();
    }

    private void call(String what, Runnable call) {
        call(what, () -> {
            call.run();
            return null;
        });
    }

    @Override
    public StorageFile open(String name) {
        StorageFile file = call("open " + name, () -> storage.open(name));
        openFiles.add(name);
        return new FaultyFile(name, file);
    }

    @Override
    public void prepare(String name, long sizeBytes) {
        call("prepare " + name, () -> storage.prepare(name, sizeBytes));
    }

    @Override
    public boolean exists(String name) {
        return call("exists " + name, () -> storage.exists(name));
    }

    @Override
    public List<String> names() {
        return call("names", storage::names);
    }

    @Override
    public void rename(String from, String to) {
        call("rename " + from, () -> storage.rename(from, to));
    }

    @Override
    public void delete(String name) {
        call("delete " + name, () -> storage.delete(name));
    }

    @Override
    public void force() {
        call("force directory", storage::force);
    }

    private final class FaultyFile implements StorageFile {

        private final String name;
        private final StorageFile file;

        FaultyFile(String name, StorageFile file) {
            this.name = name;
            this.file = file;
        }

        @Override
        public long sizeBytes() {
            return call("size " + name, file::sizeBytes);
        }

        @Override
        public long lastModifiedMs() {
            return call("last modified " + name, file::lastModifiedMs);
        }

        @Override
        public int read(ByteBuffer target, long position) {
            return call("read " + name, () -> file.read(target, position));
        }

        @Override
        public void write(ByteBuffer source, long position) {
            call("write " + name, () -> file.write(source, position));
        }

        @Override
        public void truncate(long sizeBytes) {
            call("truncate " + name, () -> file.truncate(sizeBytes));
        }

        @Override
        public void force() {
            call("force " + name, file::force);
        }

        @Override
        public @Nullable FileChannel channel() {
            return file.channel();
        }

        @Override
        public void close() {
            openFiles.remove(name);
            file.close();
            call("close " + name, () -> {});
        }
    }
}
