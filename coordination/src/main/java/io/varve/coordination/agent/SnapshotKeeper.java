// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.disk.SnapshotFiles;
import io.varve.coordination.quorum.QuorumEvent;
import io.varve.coordination.quorum.QuorumSnapshot;
import io.varve.coordination.tree.SnapshotJob;
import io.varve.coordination.tree.SnapshotReader;
import io.varve.coordination.tree.TreeMachine;
import io.varve.replication.OffsetAndEpoch;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes snapshots of a member's tree and loads them. The member's thread writes the tree into memory a slice at a time, so that clients wait
 * for a slice and not for the whole; a thread of the snapshot's own brings it to disk and reads it back.
 *
 * <p>A snapshot is due when the log since the last one has grown to a third of that one's size: with two snapshots kept, what lies on disk
 * is at most the threefold of the tree. It is also due after as many entries as zoo.cfg's snapCount says.
 *
 * <p>Threading: confined to the member's thread.
 */
final class SnapshotKeeper {

    /** Where the log stays although the tree is small, bytes. */
    private static final long LEAST_LOG_BYTES = 1 << 20;

    private static final int NODES_PER_SLICE = 1_000;

    /** Slices wait while as much waits for the disk. */
    private static final int MOST_CHUNKS = 64;

    private static final int READ_BYTES = 1 << 16;
    /** What goes to the snapshot's thread: bytes, or the news that there are no more. */
    @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
    private record Chunk(Kind kind, byte[] bytes) {

        enum Kind {
            BYTES,
            END,
            ABORTED
        }

        static Chunk of(Kind kind) {
            return new Chunk(kind, new byte[0]);
        }

        static Chunk of(ByteBuffer from) {
            byte[] bytes = new byte[from.remaining()];
            from.get(bytes);
            return new Chunk(Kind.BYTES, bytes);
        }
    }

    private final SnapshotFiles files;
    private final int snapCount;
    private final MemberThread thread;
    private final long hashSeed;
    private final Consumer<QuorumEvent> onTaken;
    private final Consumer<Throwable> onFailed;
    private final BlockingQueue<Chunk> chunks = new LinkedBlockingQueue<>();

    private @Nullable SnapshotJob job;
    private @Nullable Thread writer;
    private int round;
    private boolean wanted;
    private long logBytes;
    private long logEntries;
    private long snapshotBytes;

    /**
     * A keeper of the snapshots in a directory.
     *
     * @param snapCount most entries between two snapshots
     * @param hashSeed of the trees that are loaded
     * @param onTaken is told on the member's thread when there is a new one
     * @param onFailed is given what went wrong at the disk, on any thread
     */
    SnapshotKeeper(
            SnapshotFiles files,
            int snapCount,
            MemberThread thread,
            long hashSeed,
            Consumer<QuorumEvent> onTaken,
            Consumer<Throwable> onFailed) {
        this.files = files;
        this.snapCount = snapCount;
        this.thread = thread;
        this.hashSeed = hashSeed;
        this.onTaken = onTaken;
        this.onFailed = onFailed;
        this.snapshotBytes = files.latestBytes();
    }

    /** Loads the latest snapshot into a tree that is new; does nothing when there is none. */
    void restore(TreeMember tree) {
        QuorumSnapshot latest = files.latest();
        if (latest != null) {
            load(latest, tree);
        }
    }

    private void load(QuorumSnapshot snapshot, TreeMember tree) {
        SnapshotReader reader = new SnapshotReader(hashSeed);
        try (InputStream in = files.open(snapshot)) {
            byte[] bytes = new byte[READ_BYTES];
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                reader.accept(ByteBuffer.wrap(bytes, 0, read));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        TreeMachine machine = reader.machine();
        tree.restored(machine, snapshot.end().offset(), snapshot.end().epoch());
    }

    /** Checks a snapshot that another member has sent and loads it, if it is newer than the tree; what is told to the quorum's machine of it. */
    QuorumEvent install(OffsetAndEpoch end, TreeMember tree) {
        QuorumSnapshot installed = files.install(end);
        if (installed == null) {
            return new QuorumEvent.SnapshotRejected(end);
        }
        abort();
        if (installed.end().offset() > tree.appliedOffset()) {
            load(installed, tree);
        }
        snapshotBytes = files.latestBytes();
        logBytes = 0;
        logEntries = 0;
        return new QuorumEvent.SnapshotInstalled(installed);
    }

    /** Another member needs a snapshot that is newer than the latest. */
    void want() {
        wanted = true;
    }

    /** Entries were applied. */
    void applied(int entries, long entryBytes) {
        logEntries += entries;
        logBytes += entryBytes;
    }

    /** Whether a snapshot should begin as soon as the member can name one. */
    boolean isDue() {
        return writer == null
                && (wanted || logEntries >= snapCount || logBytes > Math.max(LEAST_LOG_BYTES, snapshotBytes / 3));
    }

    /** Begins a snapshot of the tree as it is. */
    void begin(QuorumSnapshot snapshot, TreeMachine machine) {
        wanted = false;
        logBytes = 0;
        logEntries = 0;
        job = machine.beginSnapshot(bytes -> chunks.add(Chunk.of(bytes)));
        int begun = ++round;
        Thread started = new Thread(() -> bringToDisk(snapshot, begun), "varve-quorum-snapshot");
        started.setDaemon(true);
        writer = started;
        started.start();
    }

    /** Writes a slice; true when there is more to write at once. */
    boolean doWork() {
        if (job == null || chunks.size() > MOST_CHUNKS) {
            return false;
        }
        if (!job.doWork(NODES_PER_SLICE)) {
            job = null;
            chunks.add(Chunk.of(Chunk.Kind.END));
        }
        return job != null;
    }

    private void bringToDisk(QuorumSnapshot snapshot, int begun) {
        try {
            long sizeBytes = files.prepare(snapshot, this::copyChunks);
            thread.execute(() -> {
                if (begun == round) {
                    taken(snapshot, sizeBytes);
                }
            });
        } catch (AbortedException e) {
            return; // its file is overwritten by the next one's, or deleted at the next start
        } catch (RuntimeException e) {
            onFailed.accept(e);
        }
    }

    private void copyChunks(OutputStream out) throws IOException {
        try {
            for (Chunk chunk = chunks.take(); chunk.kind() != Chunk.Kind.END; chunk = chunks.take()) {
                if (chunk.kind() == Chunk.Kind.ABORTED) {
                    throw new AbortedException();
                }
                out.write(chunk.bytes());
                if (chunks.size() == MOST_CHUNKS) {
                    thread.execute(() -> {}); // there is room again
                }
            }
        } catch (InterruptedException e) {
            throw new InterruptedIOException("nobody interrupts the writer of a snapshot");
        }
    }

    private void taken(QuorumSnapshot snapshot, long sizeBytes) {
        files.publish(snapshot);
        snapshotBytes = sizeBytes;
        writer = null;
        onTaken.accept(new QuorumEvent.SnapshotTaken());
    }

    long latestBytes() {
        return snapshotBytes;
    }

    /** Gives up the snapshot that is being taken and waits until nothing touches its file. */
    void abort() {
        if (job != null) {
            job.abort();
            job = null;
            chunks.add(Chunk.of(Chunk.Kind.ABORTED));
        }
        Thread writing = writer;
        if (writing != null) {
            Threads.join(writing);
        }
        chunks.clear();
        writer = null;
        round++;
    }

    /** The snapshot is not wanted any more. */
    private static final class AbortedException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }
}
