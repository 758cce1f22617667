// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.Compression;
import io.varve.log.job.Job;
import io.varve.log.storage.MemoryStorage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

/** What retention deletes; one batch of one record fills a segment. */
class CommitLogRetentionTest {

    private static final long FUTURE_MS = Duration.ofDays(36_500).toMillis();
    private static final Duration KEPT = Duration.ofMillis(1000);

    private long nowMs = 10_000;
    private final InstantSource clock = () -> Instant.ofEpochMilli(nowMs);
    private final MemoryStorage storage = new MemoryStorage(clock);

    private CommitLog open(RetentionPolicy retention) {
        LogConfig config =
                LogConfig.builder().segmentBytes(1).retention(retention).build();
        return CommitLog.open(storage, config, clock);
    }

    private static void append(CommitLog log, long timestampMs) {
        log.append(Batches.batch("v", 1, timestampMs, Compression.NONE), 0);
    }

    @Test
    void shouldDeleteWhatIsOlderThanTheTimeKept() {
        try (CommitLog log = open(RetentionPolicy.keep(KEPT))) {
            append(log, 9_000);
            append(log, 9_001);

            assertThat(log.applyRetention(10_000)).isZero();
            assertThat(log.applyRetention(10_001)).isEqualTo(1);

            assertThat(log.startOffset()).isEqualTo(1);
        }
    }

    @Test
    void shouldEmptyALogThatIsIdle() {
        try (CommitLog log = open(RetentionPolicy.keep(KEPT))) {
            append(log, 10_000);
            append(log, 10_000);

            assertThat(log.applyRetention(20_000)).isEqualTo(2);

            assertThat(log.startOffset()).isEqualTo(2);
            assertThat(log.endOffset()).isEqualTo(2);
            assertThat(log.sizeBytes()).isZero();
        }
    }

    @Test
    void shouldKeepAtLeastTheBytesAskedFor() {
        int batchBytes = Batches.batch("v", 1).remaining();
        try (CommitLog log = open(RetentionPolicy.keepBytes(2L * batchBytes))) {
            for (int i = 0; i < 5; i++) {
                append(log, 10_000);
            }

            assertThat(log.applyRetention(nowMs)).isEqualTo(3);

            assertThat(log.startOffset()).isEqualTo(3);
            assertThat(log.sizeBytes()).isEqualTo(2L * batchBytes);
        }
    }

    @Test
    void shouldLetATimestampInTheFuturePinNothing() {
        try (CommitLog log = open(RetentionPolicy.keep(KEPT))) {
            append(log, FUTURE_MS);
            nowMs += 500;
            append(log, nowMs);
        }
        nowMs += 400;
        try (CommitLog log = open(RetentionPolicy.keep(KEPT))) {
            assertThat(log.applyRetention(11_000)).isZero();
            assertThat(log.applyRetention(11_001)).isEqualTo(1);
            assertThat(log.applyRetention(11_501)).isEqualTo(1);
            assertThat(log.startOffset()).isEqualTo(2);
        }
    }

    @Test
    void shouldNotTakeAnAbsentTimestampForAnOldOne() {
        try (CommitLog log = open(RetentionPolicy.keep(KEPT))) {
            append(log, BatchDescriptor.NO_TIMESTAMP);
            append(log, 10_000);

            assertThat(log.applyRetention(11_000)).isZero();
            assertThat(log.applyRetention(11_001)).isEqualTo(2);
        }
    }

    @Test
    void shouldRollAnOldSegmentWhenItIsAppendedToOrByUpkeepWhenItIsIdle() {
        LogConfig config = LogConfig.builder().segmentAge(KEPT).build();
        try (CommitLog log = CommitLog.open(storage, config, clock)) {
            append(log, nowMs);
            nowMs += 1000;
            append(log, nowMs);
            assertThat(log.segmentCount()).isEqualTo(2);

            Job upkeep = log.upkeep();
            upkeep.doWork();
            assertThat(log.segmentCount()).isEqualTo(2);
            nowMs += 1000;
            append(log, nowMs);
            assertThat(log.segmentCount()).isEqualTo(2);
            upkeep.doWork();
            assertThat(log.segmentCount()).isEqualTo(3);

            // An empty one does not age.
            nowMs += 1000;
            upkeep.doWork();
            assertThat(log.segmentCount()).isEqualTo(3);
            assertThat(log.endOffset()).isEqualTo(3);
        }
    }
}
