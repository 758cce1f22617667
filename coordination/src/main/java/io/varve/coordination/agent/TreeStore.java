// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.tree.FormatException;
import io.varve.coordination.tree.SnapshotJob;
import io.varve.coordination.tree.SnapshotReader;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeEntry;
import io.varve.coordination.tree.TreeFormat;
import io.varve.coordination.tree.TreeMachine;
import io.varve.coordination.tree.TreeTransaction;
import io.varve.log.CommitLog;
import io.varve.log.CorruptLogException;
import io.varve.log.LogConfig;
import io.varve.log.LogReader;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;

/**
 * The tree, its log and its snapshot.
 *
 * <p>A command is a record of the log; the number of its transaction is its offset and one. Every {@value #TRANSACTIONS_PER_SNAPSHOT} transactions, and when it is closed, the tree is
 * written to a snapshot and the log before that is deleted.
 *
 * <p>Threading: confined to the coordinator's thread.
 */
final class TreeStore implements AutoCloseable {

    private static final int TRANSACTIONS_PER_SNAPSHOT = 10_000;
    private static final int SEGMENT_BYTES = 16 << 20;
    private static final int MAX_BATCH_BYTES = 64 << 20;
    private static final int EPOCH = 0;
    private static final String SNAPSHOT = "snapshot";
    private static final String NEXT_SNAPSHOT = "snapshot.next";

    private final Storage storage;
    private static final int NODES_PER_SLICE = 4096;
    private static final int BYTES_PER_READ = 1 << 20;

    private final TreeMachine machine;
    private final CommitLog log;
    private int sinceSnapshot;

    TreeStore(Storage storage) {
        this.storage = storage;
        LogConfig config = LogConfig.builder()
                .segmentBytes(SEGMENT_BYTES)
                .maxBatchBytes(MAX_BATCH_BYTES)
                .build();
        this.machine = restore();
        this.log = CommitLog.open(storage, config);
        replay(Math.max(machine.lastZxid(), log.startOffset()));
    }

    private TreeMachine restore() {
        if (!storage.exists(SNAPSHOT)) {
            return new TreeMachine();
        }
        try (StorageFile file = storage.open(SNAPSHOT)) {
            SnapshotReader reader = new SnapshotReader(0);
            ByteBuffer bytes = ByteBuffer.allocate(BYTES_PER_READ);
            for (long at = 0; at < file.sizeBytes(); ) {
                bytes.clear().limit((int) Math.min(BYTES_PER_READ, file.sizeBytes() - at));
                at += bytes.limit();
                file.read(bytes, at - bytes.limit());
                reader.accept(bytes.flip());
            }
            return reader.machine();
        } catch (FormatException e) {
            throw new CorruptLogException(SNAPSHOT, 0, String.valueOf(e.getMessage()));
        }
    }

    private void replay(long from) {
        try (LogReader reader = log.readerAt(from)) {
            while (reader.next()) {
                ByteBuffer value = reader.record().value();
                if (value == null) {
                    throw new CorruptLogException("log", reader.offset(), "a command without bytes");
                }
                TreeEntry entry = TreeFormat.decode(value);
                machine.apply(reader.offset() + 1, entry.timeMs(), entry.command());
                sinceSnapshot++;
            }
        } catch (FormatException e) {
            throw new CorruptLogException("log", machine.lastZxid(), String.valueOf(e.getMessage()));
        }
    }

    /** Appends and applies; durable with the next flush. */
    TreeTransaction commit(TreeCommand command, long nowMs) {
        byte[] bytes = TreeFormat.encode(new TreeEntry(nowMs, command));
        long offset = log.append(new BatchBuilder().add(null, bytes).build(), EPOCH);
        sinceSnapshot++;
        return machine.apply(offset + 1, nowMs, command);
    }

    /** The tree; reads only. */
    TreeMachine tree() {
        return machine;
    }

    void flush() {
        log.flush();
    }

    void snapshotIfDue() {
        if (sinceSnapshot >= TRANSACTIONS_PER_SNAPSHOT) {
            snapshot();
        }
    }

    private void snapshot() {
        long logOffset = log.flush();
        try (StorageFile file = storage.open(NEXT_SNAPSHOT)) {
            file.truncate(0);
            long[] at = {0};
            SnapshotJob job = machine.beginSnapshot(bytes -> {
                long from = at[0];
                at[0] += bytes.remaining();
                file.write(bytes, from);
            });
            while (job.doWork(NODES_PER_SLICE)) {
                // all at once: nothing else waits for this thread while it closes or has come to its limit
            }
            file.force();
        }
        storage.rename(NEXT_SNAPSHOT, SNAPSHOT);
        storage.force();
        log.deleteBefore(logOffset);
        sinceSnapshot = 0;
    }

    @Override
    public void close() {
        if (!log.isFailed() && sinceSnapshot > 0) {
            snapshot();
        }
        log.close();
    }
}
