// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.log.CommitLog;
import io.varve.log.CommitLog.OffsetAndEpoch;
import io.varve.log.LogConfig;
import io.varve.log.LogReader;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import io.varve.replication.partition.EpochEnd;
import io.varve.replication.partition.ReplicaLog;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The log of a replica, and the states of the producers that follow from what stands in it.
 *
 * <p>Threading: confined to the partition's lane; any thread may read.
 */
final class PartitionLog implements ReplicaLog {

    private static final String PRODUCERS = "producer-state";
    private static final String NEXT_PRODUCERS = "producer-state.next";

    private final Storage storage;
    private final CommitLog log;
    private volatile ProducerStates producers = new ProducerStates();
    private final AtomicInteger cuts = new AtomicInteger();
    private long savedOffset;

    PartitionLog(Storage storage, LogConfig config) {
        this.storage = storage;
        this.log = CommitLog.open(storage, config);
        recoverProducers();
    }

    CommitLog log() {
        return log;
    }

    ProducerStates producers() {
        return producers;
    }

    /** How often something was cut off at the end; increases before it is. Any thread. */
    int cuts() {
        return cuts.get();
    }

    private void recoverProducers() {
        producers = new ProducerStates();
        long from = log.startOffset();
        if (storage.exists(PRODUCERS)) {
            ProducerStates.Restored restored = savedProducers();
            if (restored != null && restored.endOffset() <= log.endOffset()) {
                producers = restored.states();
                from = Math.max(from, restored.endOffset());
            } else {
                // It speaks of records that are gone, and others may come in their place.
                storage.delete(PRODUCERS);
            }
        }
        savedOffset = from;
        try (LogReader reader = log.readerAt(from)) {
            while (reader.nextBatch()) {
                note(reader.batch(), 0);
            }
        }
    }

    private ProducerStates.@Nullable Restored savedProducers() {
        try (StorageFile file = storage.open(PRODUCERS)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.sizeBytes());
            file.read(bytes, 0);
            return ProducerStates.restore(bytes.flip());
        }
    }

    private void note(ByteBuffer batches, int from) {
        int at = from;
        while (at < batches.limit()) {
            if (BatchDescriptor.producerId(batches, at) >= 0) {
                producers.appended(batches, at);
            }
            at += BatchDescriptor.sizeBytes(batches, at);
        }
    }

    /** Saves the producers, if there is anything new. */
    void saveProducers() {
        long endOffset = log.endOffset();
        if (log.isFailed() || endOffset <= savedOffset) {
            return;
        }
        try (StorageFile file = storage.open(NEXT_PRODUCERS)) {
            file.truncate(0);
            file.write(producers.snapshot(endOffset), 0);
        }
        storage.rename(NEXT_PRODUCERS, PRODUCERS);
        savedOffset = endOffset;
    }

    @Override
    public long startOffset() {
        return log.startOffset();
    }

    @Override
    public long endOffset() {
        return log.endOffset();
    }

    @Override
    public long flushedOffset() {
        return log.flushedOffset();
    }

    @Override
    public int lastEpoch() {
        return isEmpty() ? EpochEnd.NONE : log.epoch();
    }

    private boolean isEmpty() {
        return log.startOffset() == log.endOffset();
    }

    @Override
    public EpochEnd endOf(int epoch) {
        long startOffset = log.startOffset();
        if (isEmpty() || epoch < log.epochAt(startOffset)) {
            return new EpochEnd(EpochEnd.NONE, startOffset);
        }
        int latest = log.epoch();
        if (epoch >= latest) {
            return new EpochEnd(latest, log.endOffset());
        }
        OffsetAndEpoch end = log.endOffsetOf(epoch);
        return new EpochEnd(end.epoch(), end.offset());
    }

    @Override
    public long append(ByteBuffer batches, int epoch) {
        int from = batches.position();
        long baseOffset = log.append(batches, epoch);
        note(batches, from);
        return baseOffset;
    }

    @Override
    public void appendFetched(ByteBuffer batches) {
        int from = batches.position();
        long baseOffset = BatchDescriptor.baseOffset(batches, from);
        if (isEmpty() && baseOffset < log.endOffset() && BatchDescriptor.lastOffset(batches, from) >= log.endOffset()) {
            // The leader's log starts within this batch, and a batch is kept whole.
            log.resetTo(baseOffset);
        }
        log.appendAsFollower(batches);
        note(batches, from);
    }

    @Override
    public void truncateTo(long offset) {
        dropSavedAbove(offset);
        log.truncateTo(offset);
        recoverProducers();
    }

    @Override
    public void resetTo(long offset) {
        dropSavedAbove(-1);
        log.resetTo(offset);
        recoverProducers();
    }

    /** Goes first: a crash must not leave it beside other records than those it was made of. */
    private void dropSavedAbove(long offset) {
        cuts.incrementAndGet();
        if (savedOffset > offset && storage.exists(PRODUCERS)) {
            storage.delete(PRODUCERS);
            storage.force();
        }
    }

    @Override
    public void deleteBefore(long offset) {
        if (offset > log.startOffset()) {
            log.deleteBefore(offset);
        }
    }

    /** Saves the producers and closes the log. */
    void close() {
        saveProducers();
        log.close();
    }
}
