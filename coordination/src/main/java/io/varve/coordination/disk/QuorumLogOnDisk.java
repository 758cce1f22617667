// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.disk;

import io.varve.coordination.quorum.QuorumEntry;
import io.varve.coordination.quorum.QuorumLog;
import io.varve.log.CommitLog;
import io.varve.log.CorruptLogException;
import io.varve.log.LogConfig;
import io.varve.log.LogReader;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.job.Job;
import io.varve.log.storage.Storage;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The quorum's log as a {@link CommitLog}: an entry is a record without key whose value is the kind, one byte, the epoch, four bytes, and the
 * payload. The epoch does not stand where a log has it otherwise, in the batch and in the log's list of epochs: no checksum covers those.
 *
 * <p>An entry is a batch of its own, because the log may have to be cut before any of them, and what is before the cut has been
 * acknowledged and must not go with it. The batches of one step are written together and forced together.
 *
 * <p>Threading: confined to the owner's thread, but for {@link #force} and the upkeep, which any thread may call.
 */
public final class QuorumLogOnDisk implements QuorumLog, AutoCloseable {

    private static final int HEADER_BYTES = 5;
    private static final int BATCH_EPOCH = 0;

    /** How large an entry may be is the quorum's to say. */
    private static final int MAX_BATCH_BYTES = 64 << 20;

    private final CommitLog log;
    private final InstantSource clock;
    private final TailCache tail;
    private @Nullable LogReader reader;

    private QuorumLogOnDisk(CommitLog log, InstantSource clock, long cacheBytes) {
        this.log = log;
        this.clock = clock;
        this.tail = new TailCache(cacheBytes, log.endOffset());
    }

    /**
     * Opens the log in a storage, creating it when there is none.
     *
     * @param storage the log's files, and nothing else's
     * @param config how the log behaves; nothing of it flushes, as the owner does that, or deletes
     * @param clock tells the time that entries are marked with
     * @param cacheBytes about how much of the end of the log is kept in memory, bytes
     * @return the open log
     */
    static QuorumLogOnDisk open(Storage storage, LogConfig config, InstantSource clock, long cacheBytes) {
        LogConfig roomy = config.toBuilder()
                .maxBatchBytes(Math.max(config.maxBatchBytes(), MAX_BATCH_BYTES))
                .build();
        return new QuorumLogOnDisk(CommitLog.open(storage, roomy, clock), clock, cacheBytes);
    }

    /** {@return what keeps the log's files in order; the owner steps it now and then, on any thread} */
    public Job upkeep() {
        return log.upkeep();
    }

    /** {@return first offset that is not durable, after all that was appended by now was made so} */
    public long force() {
        return log.flush();
    }

    /** {@return length of its files, bytes} */
    public long sizeBytes() {
        return log.sizeBytes();
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
    public void append(List<QuorumEntry> entries) {
        log.append(batches(entries), BATCH_EPOCH);
        tail.append(entries);
    }

    private ByteBuffer batches(List<QuorumEntry> entries) {
        long nowMs = clock.millis();
        List<ByteBuffer> batches = new ArrayList<>(entries.size());
        int bytes = 0;
        for (QuorumEntry entry : entries) {
            ByteBuffer value = ByteBuffer.allocate(HEADER_BYTES + entry.sizeBytes());
            value.put(entry.kind().code()).putInt(entry.epoch());
            value.put(entry.payload().duplicate()).flip();
            ByteBuffer batch =
                    new BatchBuilder().add(nowMs, null, value, List.of()).build();
            batches.add(batch);
            bytes += batch.remaining();
        }
        if (batches.size() == 1) {
            return batches.get(0);
        }
        ByteBuffer together = ByteBuffer.allocate(bytes);
        batches.forEach(together::put);
        return together.flip();
    }

    @Override
    public List<QuorumEntry> read(long offset, int maxBytes) {
        if (offset == log.endOffset()) {
            return List.of();
        }
        return tail.has(offset) ? tail.read(offset, maxBytes) : readFile(offset, maxBytes);
    }

    private List<QuorumEntry> readFile(long offset, int maxBytes) {
        LogReader from = reader;
        if (from == null || from.nextOffset() != offset) {
            closeReader();
            from = log.readerAt(offset);
            reader = from;
        }
        List<QuorumEntry> entries = new ArrayList<>();
        long bytes = 0;
        while (bytes < maxBytes && from.next()) {
            QuorumEntry entry = entry(from);
            entries.add(entry);
            bytes += entry.sizeBytes();
        }
        if (bytes > maxBytes && entries.size() > 1) {
            entries.remove(entries.size() - 1);
        }
        return entries;
    }

    private QuorumEntry entry(LogReader from) {
        long offset = from.offset();
        ByteBuffer value = from.record().value();
        if (value == null || value.remaining() < HEADER_BYTES) {
            throw new CorruptLogException("log", offset, "a record that is no entry: offset=" + offset);
        }
        QuorumEntry.Kind kind;
        try {
            kind = QuorumEntry.Kind.of(value.get());
        } catch (IllegalArgumentException e) {
            throw new CorruptLogException("log", offset, String.valueOf(e.getMessage()));
        }
        int epoch = value.getInt();
        byte[] payload = new byte[value.remaining()];
        value.get(payload);
        return new QuorumEntry(epoch, kind, ByteBuffer.wrap(payload));
    }

    private void closeReader() {
        LogReader open = reader;
        reader = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void truncateTo(long offset) {
        closeReader();
        log.truncateTo(offset);
        tail.truncateTo(offset);
    }

    @Override
    public void resetTo(long offset) {
        closeReader();
        log.resetTo(offset);
        tail.resetTo(offset);
    }

    @Override
    public void deleteBefore(long offset) {
        log.deleteBefore(offset);
    }

    /** Makes all durable and closes the log, unless it has failed. */
    @Override
    public void close() {
        closeReader();
        log.close();
    }
}
