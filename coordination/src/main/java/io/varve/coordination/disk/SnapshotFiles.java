// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.disk;

import io.varve.coordination.quorum.QuorumSnapshot;
import io.varve.coordination.quorum.QuorumSnapshots;
import io.varve.log.CorruptLogException;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import io.varve.replication.OffsetAndEpoch;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of one member, a file each, {@code snapshot.<offset>-<epoch>}; the page quorum-files of the format documents gives the layout.
 *
 * <p>A file gets its name when all of it is durable and was read back. The newest {@code retain} are kept. One that is found to be damaged
 * is put aside under a name that ends in {@code .damaged}; the one before it and the log, which reaches back to the oldest, take its place.
 *
 * <p>Threading: confined to the owner's thread.
 */
public final class SnapshotFiles implements QuorumSnapshots {

    private static final String TEMPORARY = ".tmp";
    private static final String RECEIVED = ".part";
    private static final String DAMAGED = ".damaged";

    private final Storage storage;
    private final int retain;
    private @Nullable QuorumSnapshot latest;
    private long oldestOffset;

    /** Writes the machine. */
    public interface Writer {
        /**
         * Writes the machine's bytes.
         *
         * @param out where to; it need not be buffered, flushed or closed
         * @throws IOException does not come from {@code out}
         */
        void writeTo(OutputStream out) throws IOException;
    }

    SnapshotFiles(Storage storage, int retain) {
        this.storage = storage;
        this.retain = retain;
        for (String name : storage.names()) {
            if (name.endsWith(TEMPORARY) && SnapshotDescriptor.isName(without(name, TEMPORARY))) {
                storage.delete(name);
            }
        }
        findLatest();
    }

    private static String without(String name, String ending) {
        return name.substring(0, name.length() - ending.length());
    }

    private void findLatest() {
        latest = null;
        for (String name : newestFirst()) {
            QuorumSnapshot sound = check(name, name);
            if (sound != null) {
                latest = sound;
                break;
            }
            storage.rename(name, name + DAMAGED);
            storage.force();
        }
        findOldest();
    }

    private void findOldest() {
        List<String> names = newestFirst();
        oldestOffset = names.isEmpty()
                ? 0
                : SnapshotDescriptor.end(names.get(names.size() - 1)).offset();
    }

    private List<String> newestFirst() {
        return storage.names().stream()
                .filter(SnapshotDescriptor::isName)
                .sorted(Comparator.comparing(SnapshotDescriptor::end, Comparator.comparingLong(OffsetAndEpoch::offset))
                        .reversed())
                .toList();
    }

    private @Nullable QuorumSnapshot check(String file, String name) {
        StorageFile open = storage.open(file);
        try (open) {
            SnapshotInput in = new SnapshotInput(open, name);
            in.check();
            return in.snapshot();
        } catch (CorruptLogException e) {
            return null;
        }
    }

    /**
     * Writes a snapshot and deletes those that are too many: {@link #prepare} and {@link #publish} in one.
     *
     * @param snapshot its name and voters, see {@link io.varve.coordination.quorum.QuorumMember#snapshotAt}
     * @param machine writes the machine as of there
     * @throws CorruptLogException when what was written cannot be read back
     */
    public void write(QuorumSnapshot snapshot, Writer machine) {
        prepare(snapshot, machine);
        publish(snapshot);
    }

    /**
     * Writes a snapshot durably under a temporary name and reads it back. May be called on any thread, for one snapshot at a time.
     *
     * @param snapshot as in {@link #write}
     * @param machine as in {@link #write}
     * @return length of the file, bytes
     * @throws CorruptLogException when what was written cannot be read back
     */
    public long prepare(QuorumSnapshot snapshot, Writer machine) {
        String name = SnapshotDescriptor.name(snapshot.end());
        String temporary = name + TEMPORARY;
        long sizeBytes;
        try (StorageFile file = storage.open(temporary)) {
            file.truncate(0);
            SnapshotOutput out = new SnapshotOutput(file, snapshot);
            machine.writeTo(out);
            out.finish();
            file.force();
            sizeBytes = file.sizeBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (check(temporary, name) == null) {
            throw new CorruptLogException(temporary, 0, "the snapshot cannot be read back");
        }
        return sizeBytes;
    }

    /**
     * Makes a snapshot that was prepared the latest, and deletes those that are too many.
     *
     * @param snapshot the snapshot
     */
    public void publish(QuorumSnapshot snapshot) {
        take(SnapshotDescriptor.name(snapshot.end()) + TEMPORARY, snapshot);
    }

    /** {@return length of the latest snapshot, bytes; 0 when there is none} */
    public long latestBytes() {
        if (latest == null) {
            return 0;
        }
        try (StorageFile file = storage.open(SnapshotDescriptor.name(latest.end()))) {
            return file.sizeBytes();
        }
    }

    private void take(String file, QuorumSnapshot snapshot) {
        storage.rename(file, SnapshotDescriptor.name(snapshot.end()));
        storage.force();
        latest = snapshot;
        newestFirst().stream().skip(retain).forEach(storage::delete);
        findOldest();
    }

    /**
     * The machine of a snapshot.
     *
     * @param snapshot the snapshot
     * @return its bytes, which the caller closes; reading throws {@link CorruptLogException} where they are damaged
     */
    public InputStream open(QuorumSnapshot snapshot) {
        String name = SnapshotDescriptor.name(snapshot.end());
        return new SnapshotInput(storage.open(name), name);
    }

    /**
     * Checks a snapshot that was received whole, makes it durable and the latest; or throws away what was received.
     *
     * @param end its name
     * @return the snapshot, null when it is damaged or no newer than the latest
     */
    public @Nullable QuorumSnapshot install(OffsetAndEpoch end) {
        String name = SnapshotDescriptor.name(end);
        String received = name + RECEIVED;
        boolean newer = latest == null || end.offset() > latest.end().offset();
        QuorumSnapshot sound = newer && storage.exists(received) ? check(received, name) : null;
        if (sound == null) {
            storage.delete(received);
            return null;
        }
        try (StorageFile file = storage.open(received)) {
            file.force();
        }
        take(received, sound);
        return sound;
    }

    @Override
    public @Nullable QuorumSnapshot latest() {
        return latest;
    }

    @Override
    public long oldestOffset() {
        return oldestOffset;
    }

    @Override
    public @Nullable Chunk read(OffsetAndEpoch end, long position, int maxBytes) {
        String name = SnapshotDescriptor.name(end);
        if (!storage.exists(name)) {
            return null;
        }
        try (StorageFile file = storage.open(name)) {
            long left = Math.max(0, file.sizeBytes() - position);
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(left, maxBytes));
            file.read(bytes, position);
            return new Chunk(file.sizeBytes(), bytes.flip());
        }
    }

    @Override
    public long receivedBytes(OffsetAndEpoch end) {
        String received = SnapshotDescriptor.name(end) + RECEIVED;
        if (!storage.exists(received)) {
            return 0;
        }
        try (StorageFile file = storage.open(received)) {
            return file.sizeBytes();
        }
    }

    @Override
    public void receive(OffsetAndEpoch end, long position, ByteBuffer bytes) {
        String received = SnapshotDescriptor.name(end) + RECEIVED;
        for (String name : storage.names()) {
            if (name.endsWith(RECEIVED) && !name.equals(received)) {
                storage.delete(name);
            }
        }
        try (StorageFile file = storage.open(received)) {
            file.write(bytes.duplicate(), position);
        }
    }
}
