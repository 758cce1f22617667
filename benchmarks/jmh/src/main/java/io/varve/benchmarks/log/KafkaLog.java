// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.batch.BatchDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;
import org.jspecify.annotations.Nullable;

/**
 * Kafka's {@link UnifiedLog}, opened as its broker opens it after a kill, its background work on one scheduler thread.
 *
 * <p>As a leader it looks at every record of a batch and sets offset and epoch. As a follower it is handed the offset and looks at
 * header and checksum, which is the work that Varve does too.
 */
final class KafkaLog implements AppendTarget, RecordReadable, TimeIndexed {

    private static final int PRODUCER_EXPIRATION_MS = 86_400_000;
    private static final int PRODUCER_CHECK_MS = 600_000;
    private static final int TRANSACTION_TIMEOUT_MS = 900_000;
    private static final int FAILED_DIRECTORIES = 10;

    private final KafkaScheduler scheduler = new KafkaScheduler(1);
    private final boolean leader;
    private final UnifiedLog log;
    private @Nullable ByteBuffer wrapped;
    private MemoryRecords records = MemoryRecords.EMPTY;

    private KafkaLog(Path directory, int segmentBytes, boolean leader, boolean recoverAll) throws IOException {
        this.leader = leader;
        Path partition = Files.createDirectories(directory.resolve("benchmark-0"));
        scheduler.startup();
        this.log = UnifiedLog.create(
                partition.toFile(),
                new LogConfig(Map.of(
                        TopicConfig.SEGMENT_BYTES_CONFIG,
                        segmentBytes,
                        TopicConfig.RETENTION_MS_CONFIG,
                        -1L,
                        TopicConfig.RETENTION_BYTES_CONFIG,
                        (long) segmentBytes,
                        TopicConfig.FILE_DELETE_DELAY_MS_CONFIG,
                        0L)),
                0,
                recoverAll ? 0 : activeSegment(partition),
                scheduler,
                new BrokerTopicStats(),
                Time.SYSTEM,
                TRANSACTION_TIMEOUT_MS,
                new ProducerStateManagerConfig(PRODUCER_EXPIRATION_MS, false),
                PRODUCER_CHECK_MS,
                new LogDirFailureChannel(FAILED_DIRECTORIES),
                false,
                Optional.empty());
    }

    /** A log that takes batches as the leader of a partition does. */
    static KafkaLog leader(Path directory, int segmentBytes) {
        return open(directory, segmentBytes, true, false);
    }

    /** A log that takes batches as a follower does: they have their offset, and nobody looks at their records. */
    static KafkaLog follower(Path directory, int segmentBytes) {
        return open(directory, segmentBytes, false, false);
    }

    /** A log that recovers from its start, not from the base offset of its active segment, because the checkpoint was lost. */
    static KafkaLog withoutCheckpoint(Path directory, int segmentBytes) {
        return open(directory, segmentBytes, true, true);
    }

    private static KafkaLog open(Path directory, int segmentBytes, boolean leader, boolean recoverAll) {
        try {
            return new KafkaLog(directory, segmentBytes, leader, recoverAll);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Base offset of the last segment: the earlier ones were flushed when they were sealed, and the checkpoint says so. */
    private static long activeSegment(Path partition) throws IOException {
        try (Stream<Path> files = Files.list(partition)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".log"))
                    .mapToLong(name -> Long.parseLong(name.substring(0, name.indexOf('.'))))
                    .max()
                    .orElse(0);
        }
    }

    /** Wraps a buffer once, as long as it is the same one; that the contents are equal proves nothing. */
    @Override
    @SuppressWarnings("ReferenceEquality")
    public long append(ByteBuffer batch) {
        if (batch != wrapped) {
            wrapped = batch;
            records = MemoryRecords.readableRecords(batch);
        }
        try {
            if (leader) {
                BatchDescriptor.patch(batch, 0, 0, Batches.EPOCH);
                return log.appendAsLeader(records, Batches.EPOCH).firstOffset();
            }
            BatchDescriptor.patch(batch, 0, log.logEndOffset(), Batches.EPOCH);
            return log.appendAsFollower(records, Batches.EPOCH).firstOffset();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void deleteOld() {
        try {
            log.updateHighWatermark(log.logEndOffset());
            log.deleteOldSegments();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public ReadSource read(int fetchBytes) {
        return new KafkaReader(log, fetchBytes);
    }

    @Override
    public RecordSource readRecords() {
        return new KafkaRecords(log);
    }

    @Override
    public long firstAtOrAfter(long timestampMs) {
        return log.fetchOffsetByTimestamp(timestampMs, Optional.empty())
                .timestampAndOffsetOpt()
                .map(found -> found.offset)
                .orElse(-1L);
    }

    @Override
    public void close() {
        try {
            // First: what it would still do needs the files that go with the log.
            scheduler.shutdown();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        log.close();
    }
}
