// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A directory in memory with the faults of a real one: a crash at a chosen operation, writes that are torn, bits that flip, a disk
 * that fills, a force that fails. Equal calls give equal results.
 *
 * <p>A crash is told in two steps: {@link #crashAt} makes an operation, and all after it, fail; {@link #afterCrash} is the storage
 * as the next start finds it.
 *
 * <p>Threading: safe.
 */
public final class MemoryStorage implements Storage {

    /** What survives a crash beside what was forced. */
    public enum Survival {
        /** The process died, the operating system lives: all that was written. */
        PROCESS_DEATH,
        /** The machine died: of what was not forced, a prefix of the writes of each file, the last one possibly torn. */
        POWER_LOSS
    }

    private final InstantSource clock;

    @GuardedBy("this")
    private final Map<String, Contents> files = new TreeMap<>();

    @GuardedBy("this")
    private long operations;

    @GuardedBy("this")
    private long crashAtOperation = Long.MAX_VALUE;

    @GuardedBy("this")
    private long capacityBytes = Long.MAX_VALUE;

    @GuardedBy("this")
    private boolean forceFails;

    /** A storage in which it is always the beginning of the epoch. */
    public MemoryStorage() {
        this(InstantSource.fixed(Instant.EPOCH));
    }

    /**
     * A storage that takes the time of a change from a clock.
     *
     * @param clock tells the time
     */
    public MemoryStorage(InstantSource clock) {
        this.clock = clock;
    }

    /** {@return operations that changed something so far} */
    public synchronized long operations() {
        return operations;
    }

    /**
     * Lets the operation with this number, counted from 0, fail as if the process died in the middle of it, and all later ones.
     *
     * @param operation number of the operation, as {@link #operations} counts
     */
    public synchronized void crashAt(long operation) {
        crashAtOperation = operation;
    }

    /**
     * Bounds the sum of the lengths of all files.
     *
     * @param bytes how many bytes all files may have
     */
    public synchronized void capacityBytes(long bytes) {
        capacityBytes = bytes;
    }

    /**
     * Makes every force fail, or work again.
     *
     * @param fails whether they fail
     */
    public synchronized void forceFails(boolean fails) {
        forceFails = fails;
    }

    /**
     * Flips one bit of a file.
     *
     * @param name name of the file
     * @param position position in the file, bytes
     * @param bit number of the bit, 0 to 7
     */
    public synchronized void flipBit(String name, long position, int bit) {
        Contents contents = contents(name);
        contents.bytes[(int) position] ^= (byte) (1 << bit);
    }

    /**
     * {@return the storage as it is found after a crash; {@code seed} decides what of the unforced writes is there}
     *
     * @param survival what survives
     * @param seed of the choice
     */
    public synchronized MemoryStorage afterCrash(Survival survival, long seed) {
        Random random = new Random(seed);
        MemoryStorage survivor = new MemoryStorage(clock);
        for (Map.Entry<String, Contents> file : files.entrySet()) {
            Contents contents = file.getValue();
            Contents found = survival == Survival.PROCESS_DEATH ? contents.copy() : contents.afterPowerLoss(random);
            found.forced();
            survivor.adopt(file.getKey(), found);
        }
        return survivor;
    }

    private synchronized void adopt(String name, Contents contents) {
        files.put(name, contents);
    }

    @Override
    public synchronized StorageFile open(String name) {
        Contents contents = files.get(name);
        if (contents == null) {
            change("open " + name);
            contents = new Contents();
            files.put(name, contents);
        }
        return new MemoryFile(name, contents);
    }

    @Override
    public void prepare(String name, long sizeBytes) {
        open(name).close();
    }

    @Override
    public synchronized boolean exists(String name) {
        return files.containsKey(name);
    }

    @Override
    public synchronized List<String> names() {
        return new ArrayList<>(files.keySet());
    }

    @Override
    public synchronized void rename(String from, String to) {
        change("rename " + from);
        Contents contents = contents(from);
        files.remove(from);
        files.put(to, contents);
    }

    @Override
    public synchronized void delete(String name) {
        change("delete " + name);
        files.remove(name);
    }

    @Override
    public synchronized void force() {
        change("force directory");
        failForce("directory");
    }

    @GuardedBy("this")
    private Contents contents(String name) {
        Contents contents = files.get(name);
        if (contents == null) {
            throw new StorageException("no such file: file=" + name, new IOException("no such file"));
        }
        return contents;
    }

    /** Counts an operation that changes something; returns whether it is the one in which the process dies. */
    @GuardedBy("this")
    private boolean dying(String what) {
        long operation = operations++;
        if (operation > crashAtOperation) {
            throw crashed(what);
        }
        return operation == crashAtOperation;
    }

    @GuardedBy("this")
    private void change(String what) {
        if (dying(what)) {
            throw crashed(what);
        }
    }

    @GuardedBy("this")
    private void failForce(String what) {
        if (forceFails) {
            throw new StorageException("force failed: file=" + what, new IOException("input/output error"));
        }
    }

    @GuardedBy("this")
    private long usedBytes() {
        return files.values().stream().mapToLong(contents -> contents.sizeBytes).sum();
    }

    private static StorageException crashed(String what) {
        return new StorageException("crashed: operation=" + what, new IOException("crashed"));
    }

    /** One file: what is there, what is durable, and the writes between. Guarded by its storage. */
    private static final class Contents {

        private byte[] bytes = new byte[0];
        private int sizeBytes;
        private long lastModifiedMs;
        private byte[] durable = new byte[0];
        private final List<Write> unforced = new ArrayList<>();

        Contents copy() {
            Contents copy = new Contents();
            copy.bytes = Arrays.copyOf(bytes, sizeBytes);
            copy.sizeBytes = sizeBytes;
            copy.lastModifiedMs = lastModifiedMs;
            return copy;
        }

        Contents afterPowerLoss(Random random) {
            Contents found = new Contents();
            found.bytes = durable.clone();
            found.sizeBytes = durable.length;
            found.lastModifiedMs = lastModifiedMs;
            int survivors = random.nextInt(unforced.size() + 1);
            for (int i = 0; i < survivors; i++) {
                Write write = unforced.get(i);
                boolean torn = i == survivors - 1 && write.data.length > 0 && random.nextBoolean();
                byte[] data = torn ? Arrays.copyOf(write.data, random.nextInt(write.data.length)) : write.data;
                found.apply(new Write(write.position, data, write.truncates));
            }
            return found;
        }

        void write(Write write, long nowMs) {
            unforced.add(write);
            apply(write);
            lastModifiedMs = nowMs;
        }

        private void apply(Write write) {
            if (write.truncates) {
                if (write.position < sizeBytes) {
                    Arrays.fill(bytes, write.position, sizeBytes, (byte) 0);
                    sizeBytes = write.position;
                }
                return;
            }
            int end = write.position + write.data.length;
            if (end > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
            }
            System.arraycopy(write.data, 0, bytes, write.position, write.data.length);
            sizeBytes = Math.max(sizeBytes, end);
        }

        void forced() {
            durable = Arrays.copyOf(bytes, sizeBytes);
            unforced.clear();
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Write(int position, byte[] data, boolean truncates) {}

    private final class MemoryFile implements StorageFile {

        private final String name;
        private final Contents contents;

        MemoryFile(String name, Contents contents) {
            this.name = name;
            this.contents = contents;
        }

        @Override
        public long sizeBytes() {
            synchronized (MemoryStorage.this) {
                return contents.sizeBytes;
            }
        }

        @Override
        public long lastModifiedMs() {
            synchronized (MemoryStorage.this) {
                return contents.lastModifiedMs;
            }
        }

        @Override
        public int read(ByteBuffer target, long position) {
            synchronized (MemoryStorage.this) {
                int readable = (int) Math.max(0, Math.min(target.remaining(), contents.sizeBytes - position));
                if (readable > 0) {
                    target.put(contents.bytes, (int) position, readable);
                }
                return readable;
            }
        }

        @Override
        public void write(ByteBuffer source, long position) {
            synchronized (MemoryStorage.this) {
                boolean dies = dying("write " + name);
                byte[] data = new byte[source.remaining()];
                source.get(data);
                long space = capacityBytes - usedBytes();
                long growth = position + data.length - contents.sizeBytes;
                if (growth > space) {
                    int fits = (int) Math.max(0, data.length - (growth - Math.max(0, space)));
                    contents.write(new Write((int) position, Arrays.copyOf(data, fits), false), clock.millis());
                    throw new OutOfSpaceException("write failed: file=" + name, new IOException("no space left"));
                }
                // The process that dies has given the operating system a part of its bytes.
                byte[] given = dies ? Arrays.copyOf(data, data.length / 2) : data;
                contents.write(new Write((int) position, given, false), clock.millis());
                if (dies) {
                    throw crashed("write " + name);
                }
            }
        }

        @Override
        public void truncate(long sizeBytes) {
            synchronized (MemoryStorage.this) {
                change("truncate " + name);
                contents.write(new Write((int) sizeBytes, new byte[0], true), clock.millis());
            }
        }

        @Override
        public void force() {
            synchronized (MemoryStorage.this) {
                change("force " + name);
                failForce(name);
                contents.forced();
            }
        }

        @Override
        public @Nullable FileChannel channel() {
            return null;
        }

        @Override
        public void close() {}
    }
}
