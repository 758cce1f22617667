// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeFormat;
import io.varve.coordination.tree.TreeMachine;
import io.varve.coordination.tree.TreeResult;
import io.varve.coordination.tree.TreeTransaction;
import io.varve.log.CommitLog;
import io.varve.log.CorruptLogException;
import io.varve.log.LogConfig;
import io.varve.log.LogReader;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import io.varve.replication.machine.Decision;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The tree, its log and its snapshot.
 *
 * <p>A transaction is a record of the log. Every {@value #TRANSACTIONS_PER_SNAPSHOT} transactions, and when it is closed, the tree is
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
    private final TreeMachine machine = new TreeMachine();
    private final CommitLog log;
    private int sinceSnapshot;

    TreeStore(Storage storage) {
        this.storage = storage;
        LogConfig config = LogConfig.builder()
                .segmentBytes(SEGMENT_BYTES)
                .maxBatchBytes(MAX_BATCH_BYTES)
                .build();
        long from = restore();
        this.log = CommitLog.open(storage, config);
        replay(Math.max(from, log.startOffset()));
    }

    private long restore() {
        if (!storage.exists(SNAPSHOT)) {
            return 0;
        }
        try (StorageFile file = storage.open(SNAPSHOT)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.sizeBytes());
            file.read(bytes, 0);
            return TreeFormat.restore(bytes.array(), machine).logOffset();
        } catch (TreeFormat.FormatException e) {
            throw new CorruptLogException(SNAPSHOT, 0, String.valueOf(e.getMessage()));
        }
    }

    private void replay(long from) {
        try (LogReader reader = log.readerAt(from)) {
            while (reader.next()) {
                ByteBuffer value = reader.record().value();
                if (value == null) {
                    throw new CorruptLogException("log", reader.offset(), "a transaction without bytes");
                }
                byte[] bytes = new byte[value.remaining()];
                value.get(bytes);
                TreeTransaction transaction = TreeFormat.decodeTransaction(bytes);
                if (transaction.zxid() > machine.lastZxid()) {
                    machine.apply(reader.offset(), transaction);
                    sinceSnapshot++;
                }
            }
        }
    }

    /** What a command has come to: transactions that the watches are to be told of, and the results. */
    record Committed(List<TreeTransaction> transactions, List<TreeResult> results) {}

    /** Decides, appends and applies; durable with the next flush. */
    Committed commit(TreeCommand command, long nowMs) {
        Decision<TreeTransaction, List<TreeResult>> decision = machine.decide(command, nowMs);
        for (TreeTransaction transaction : decision.events()) {
            byte[] bytes = TreeFormat.encode(transaction);
            long offset = log.append(new BatchBuilder().add(null, bytes).build(), EPOCH);
            machine.apply(offset, transaction);
            sinceSnapshot++;
        }
        return new Committed(decision.events(), decision.reply());
    }

    void flush() {
        log.flush();
    }

    Node get(String path) {
        return machine.get(path);
    }

    List<String> children(String path) {
        return machine.children(path);
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
            file.write(ByteBuffer.wrap(TreeFormat.encode(machine, logOffset)), 0);
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
