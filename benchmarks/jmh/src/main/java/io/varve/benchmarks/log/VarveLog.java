// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.RetentionPolicy;
import io.varve.log.TimestampedOffset;
import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.Storage;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Varve's {@link CommitLog}: checks length, header and checksum of the batch, sets offset and epoch, writes it once. */
final class VarveLog implements AppendTarget, RecordReadable, TimeIndexed {

    private final CommitLog log;

    private VarveLog(CommitLog log) {
        this.log = log;
    }

    static VarveLog open(String storage, Path directory, int segmentBytes) {
        LogConfig config = LogConfig.builder()
                .segmentBytes(segmentBytes)
                .retention(RetentionPolicy.keepBytes(segmentBytes))
                .build();
        return new VarveLog(CommitLog.open(storage(storage, directory), config));
    }

    private static Storage storage(String name, Path directory) {
        return switch (name) {
            case "channel" -> ChannelStorage.open(directory);
            default -> throw new IllegalArgumentException("no such storage: name=" + name + ", known=channel");
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
        log.close();
    }
}
