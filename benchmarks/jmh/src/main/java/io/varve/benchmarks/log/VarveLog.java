// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.RetentionPolicy;
import io.varve.log.TimestampedOffset;
import io.varve.log.job.JobRunner;
import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.MappedStorage;
import io.varve.log.storage.Storage;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Varve's {@link CommitLog}: checks length, header and checksum of the batch, sets offset and epoch, writes it once.
 *
 * <p>A thread steps its upkeep, as in a program that appends for long: it seals segments and prepares the next one. Kafka's log has its
 * scheduler's thread for the same.
 */
final class VarveLog implements AppendTarget, RecordReadable, TimeIndexed {

    private static final String MAPPED = "mapped";

    private final CommitLog log;
    private final JobRunner upkeep;

    private VarveLog(CommitLog log, JobRunner upkeep) {
        this.log = log;
        this.upkeep = upkeep;
    }

    static VarveLog open(String storage, Path directory, int segmentBytes) {
        LogConfig config = LogConfig.builder()
                .segmentBytes(segmentBytes)
                .retention(RetentionPolicy.keepBytes(segmentBytes))
                .build();
        CommitLog log = CommitLog.open(storage(storage, directory), config);
        return new VarveLog(log, upkeep(log));
    }

    private static JobRunner upkeep(CommitLog log) {
        return JobRunner.start("upkeep", Duration.ofMillis(1), (job, failure) -> log.close())
                .add(log.upkeep());
    }

    private static Storage storage(String name, Path directory) {
        return switch (name) {
            case "channel" -> ChannelStorage.open(directory);
            case MAPPED -> MappedStorage.open(directory);
            default -> throw new IllegalArgumentException("no such storage: name=" + name + ", known=channel, mapped");
        };
    }

    @Override
    public long append(ByteBuffer batch) {
        long baseOffset = log.append(batch, Batches.EPOCH);
        batch.rewind();
        return baseOffset;
    }

    @Override
    public void deleteOld() {
        log.applyRetention(System.currentTimeMillis());
    }

    @Override
    public ReadSource read(int fetchBytes) {
        return new VarveReader(log, fetchBytes);
    }

    @Override
    public RecordSource readRecords() {
        return new VarveRecords(log.readerAt(log.startOffset()));
    }

    @Override
    public long firstAtOrAfter(long timestampMs) {
        return log.firstAtOrAfter(timestampMs).map(TimestampedOffset::offset).orElse(-1L);
    }

    @Override
    public void close() {
        upkeep.close();
        log.close();
    }
}
