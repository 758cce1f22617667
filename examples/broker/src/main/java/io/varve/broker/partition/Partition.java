// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.broker.partition.AppendRefusedException.Reason;
import io.varve.log.CommitLog;
import io.varve.log.LogReader;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.Compression;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.batch.RecordCursor;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.job.Job;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A partition that this broker leads: its log, its producers, and who waits for records.
 *
 * <p>With one replica a record is committed when it is appended, so the high watermark is the end offset.
 *
 * <p>Threading: confined to its lane, except that any thread may read the log and register waiters.
 */
public final class Partition {

    private static final String PRODUCER_SNAPSHOT = "producer-state";
    private static final String NEXT_PRODUCER_SNAPSHOT = "producer-state.next";

    /** A partition has one replica, its leader. */
    private static final int INSYNC_REPLICAS = 1;

    private final TopicPartition id;
    private final Lane lane;
    private final Storage storage;
    private final CommitLog log;
    private final Job upkeep;
    private final Job compaction;
    private final AtomicBoolean compactionClaim = new AtomicBoolean();
    private final Set<Runnable> waiters = ConcurrentHashMap.newKeySet();
    private volatile ProducerStates producers = new ProducerStates();
    private PartitionConfig config;
    private volatile int leaderEpoch;
    private long snapshotOffset;

    private Partition(TopicPartition id, Lane lane, Storage storage, PartitionConfig config, int leaderEpoch) {
        this.id = id;
        this.lane = lane;
        this.storage = storage;
        this.config = config;
        this.leaderEpoch = leaderEpoch;
        this.log = CommitLog.open(storage, config.log());
        recoverProducers();
        this.compaction = log.compaction(new Owner());
        this.upkeep = log.upkeep();
    }

    /** What compaction must know. No transaction is served, so none was aborted and the last stable offset is the high watermark. */
    private final class Owner implements CompactionOwner {

        @Override
        public long limitOffset() {
            return highWatermark();
        }

        @Override
        public boolean isLastOfProducer(long producerId, short producerEpoch, long lastOffset, boolean isMarker) {
            return producers.isLast(producerId, lastOffset);
        }
    }

    /** Opens the log and finds the state of the producers; on the lane. */
    static Partition open(TopicPartition id, Lane lane, Storage storage, PartitionConfig config, int leaderEpoch) {
        return new Partition(id, lane, storage, config, leaderEpoch);
    }

    private void recoverProducers() {
        long from = log.startOffset();
        if (storage.exists(PRODUCER_SNAPSHOT)) {
            try (StorageFile file = storage.open(PRODUCER_SNAPSHOT)) {
                ByteBuffer bytes = ByteBuffer.allocate((int) file.sizeBytes());
                file.read(bytes, 0);
                ProducerStates.Restored restored = ProducerStates.restore(bytes.flip());
                if (restored != null && restored.endOffset() <= log.endOffset()) {
                    producers = restored.states();
                    from = Math.max(from, restored.endOffset());
                }
            }
        }
        snapshotOffset = from;
        try (LogReader reader = log.readerAt(from)) {
            while (reader.nextBatch()) {
                ByteBuffer batch = reader.batch();
                if (BatchDescriptor.producerId(batch, 0) >= 0) {
                    producers.appended(batch, 0);
                }
            }
        }
    }

    /**
     * What an append has come to.
     *
     * @param baseOffset offset of the first record
     * @param appendTimeMs the time that was stamped on the records, -1 when the producer's stands
     */
    public record Appended(long baseOffset, long appendTimeMs) {}

    /** Refuses an append that waits for all replicas in sync when there are fewer than the topic demands. */
    public void requireInsyncReplicas() {
        assert lane.isOwner();
        if (config.minInsyncReplicas() > INSYNC_REPLICAS) {
            throw new AppendRefusedException(
                    Reason.NOT_ENOUGH_REPLICAS,
                    "not enough replicas in sync: partition=" + id + ", inSync=" + INSYNC_REPLICAS
                            + ", min.insync.replicas=" + config.minInsyncReplicas());
        }
    }

    /**
     * Checks and appends a batch of a client.
     *
     * @throws InvalidBatchException when the batch is not sound
     * @throws AppendRefusedException when it does not fit
     */
    public Appended append(ByteBuffer batch, long nowMs) {
        assert lane.isOwner();
        int at = batch.position();
        int sizeBytes =
                BatchDescriptor.check(batch, at, batch.limit(), config.log().maxBatchBytes());
        if (sizeBytes != batch.remaining()) {
            throw new InvalidBatchException(
                    InvalidBatchException.Reason.RECORDS, "more than one batch for a partition: partition=" + id);
        }
        BatchDescriptor.checkConsecutive(batch, at);
        if (BatchDescriptor.isControl(batch, at) || BatchDescriptor.isTransactional(batch, at)) {
            throw new AppendRefusedException(
                    Reason.TRANSACTIONAL, "no transaction has added this partition: partition=" + id);
        }
        checkRecords(batch, at, nowMs);
        boolean idempotent = BatchDescriptor.producerId(batch, at) >= 0;
        if (idempotent) {
            long repeated = producers.check(batch, at);
            if (repeated >= 0) {
                return new Appended(repeated, -1);
            }
        }
        ByteBuffer stored = converted(batch, at);
        if (config.appendTime()) {
            BatchDescriptor.stampAppendTime(stored, stored.position(), nowMs);
        }
        int storedAt = stored.position();
        long baseOffset = append(stored);
        if (idempotent) {
            producers.appended(stored, storedAt);
        }
        return new Appended(baseOffset, config.appendTime() ? nowMs : -1);
    }

    private void checkRecords(ByteBuffer batch, int at, long nowMs) {
        RecordCursor.validate(batch);
        long maxTimestampMs = BatchDescriptor.maxTimestampMs(batch, at);
        boolean dated = !config.appendTime() && maxTimestampMs >= 0;
        if (dated
                && (maxTimestampMs - nowMs > config.timestampAfterMaxMs()
                        || nowMs - maxTimestampMs > config.timestampBeforeMaxMs())) {
            throw new AppendRefusedException(
                    Reason.TIMESTAMP, "timestamp out of range: timestampMs=" + maxTimestampMs + ", nowMs=" + nowMs);
        }
        if (config.compacted()) {
            try (RecordCursor records = RecordCursor.over(batch)) {
                while (records.next()) {
                    if (records.key() == null) {
                        throw new AppendRefusedException(
                                Reason.RECORD,
                                "a compacted topic needs keys: partition=" + id + ", record=" + records.offset());
                    }
                }
            }
        }
    }

    /** The batch with the codec that the topic demands. */
    private ByteBuffer converted(ByteBuffer batch, int at) {
        Compression wanted = config.compression();
        if (wanted == null || wanted.id() == BatchDescriptor.compressionId(batch, at)) {
            return batch;
        }
        BatchBuilder builder = new BatchBuilder()
                .compression(wanted)
                .producer(
                        BatchDescriptor.producerId(batch, at),
                        BatchDescriptor.producerEpoch(batch, at),
                        BatchDescriptor.baseSequence(batch, at));
        try (RecordCursor records = RecordCursor.over(batch)) {
            while (records.next()) {
                builder.add(records.timestampMs(), records.key(), records.value(), records.headers());
            }
        }
        return builder.build();
    }

    /** Appends a batch of the broker's own. */
    public long append(ByteBuffer batch) {
        assert lane.isOwner();
        long baseOffset = log.append(batch, leaderEpoch);
        for (Runnable waiter : waiters) {
            waiter.run();
        }
        return baseOffset;
    }

    /** Calls {@code onAppended} on the lane after every append until it is removed; it must be short. */
    public void addWaiter(Runnable onAppended) {
        waiters.add(onAppended);
    }

    public void removeWaiter(Runnable onAppended) {
        waiters.remove(onAppended);
    }

    /** Checks the leader epoch that a client knows; -1 when it knows none. */
    public void requireLeaderEpoch(int known) {
        if (known >= 0 && known != leaderEpoch) {
            throw new AppendRefusedException(
                    known < leaderEpoch ? Reason.STALE_LEADER_EPOCH : Reason.UNKNOWN_LEADER_EPOCH,
                    "leader epoch differs: partition=" + id + ", known=" + known + ", current=" + leaderEpoch);
        }
    }

    /** First offset that is not committed; with one replica, the end. */
    public long highWatermark() {
        return log.endOffset();
    }

    /** The log, for reading. */
    public CommitLog log() {
        return log;
    }

    public TopicPartition id() {
        return id;
    }

    public Lane lane() {
        return lane;
    }

    public int leaderEpoch() {
        return leaderEpoch;
    }

    /** Moves the start of the log; on the lane. */
    public void deleteBefore(long offset) {
        assert lane.isOwner();
        log.deleteBefore(offset);
    }

    /** Lets the caller alone step {@link #compact} until it gives the claim back; false when another has it. Any thread. */
    boolean claimCompaction() {
        return compactionClaim.compareAndSet(false, true);
    }

    void releaseCompaction() {
        compactionClaim.set(false);
    }

    /** Does a bounded part of the compaction that is due; returns the bytes that were moved. By the thread that has the claim. */
    int compact() {
        return compaction.doWork();
    }

    /** The job that keeps the log in shape; by a thread of its own. */
    Job upkeep() {
        return upkeep;
    }

    void reconfigure(PartitionConfig newConfig, int newLeaderEpoch) {
        assert lane.isOwner();
        config = newConfig;
        leaderEpoch = newLeaderEpoch;
        log.reconfigure(newConfig.log());
    }

    /** Forgets silent producers, and saves the others; on the lane. */
    void keepHouse(long nowMs, long producerExpirationMs) {
        assert lane.isOwner();
        if (log.isFailed()) {
            return;
        }
        producers.expire(nowMs, producerExpirationMs);
        if (log.endOffset() > snapshotOffset) {
            saveProducers();
        }
    }

    private void saveProducers() {
        long endOffset = log.endOffset();
        try (StorageFile file = storage.open(NEXT_PRODUCER_SNAPSHOT)) {
            file.truncate(0);
            file.write(producers.snapshot(endOffset), 0);
        }
        storage.rename(NEXT_PRODUCER_SNAPSHOT, PRODUCER_SNAPSHOT);
        snapshotOffset = endOffset;
    }

    /** Saves the producers and closes the log; on the lane. */
    void close() {
        assert lane.isOwner();
        if (!log.isFailed()) {
            saveProducers();
        }
        log.close();
    }

    @Override
    public String toString() {
        return id.toString();
    }
}
