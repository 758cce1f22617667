// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.batch.BatchBuilder;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.compact.CompactionPolicy;
import io.varve.log.job.Job;
import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.Storage;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommitLogCompactionTest {

    private final MemoryStorage storage = new MemoryStorage();
    private final AtomicReference<String> stopped = new AtomicReference<>();
    private long nowMs = 10_000;
    private CompactionPolicy.Builder policy = CompactionPolicy.builder().minDirtyRatio(0);

    private LogConfig.Builder config() {
        return LogConfig.builder().segmentBytes(200).compaction(policy.build()).listener(new LogListener() {
            @Override
            public void onCompactionStopped(long offset, String reason) {
                stopped.set(offset + ": " + reason);
            }
        });
    }

    private CommitLog open() {
        return open(storage, config().build());
    }

    private CommitLog open(Storage storage, LogConfig config) {
        return CommitLog.open(storage, config, () -> Instant.ofEpochMilli(nowMs));
    }

    private static void append(CommitLog log, String key, String value, long timestampMs) {
        log.append(new BatchBuilder()
                .add(timestampMs, Batches.bytes(key), value == null ? null : Batches.bytes(value), List.of()));
    }

    private static void run(Job job) {
        while (job.doWork() > 0) {
            // Until nothing is due.
        }
    }

    @Test
    void shouldKeepTheLastOfEachKeyAndItsOffset() {
        try (CommitLog log = open()) {
            for (int i = 0; i < 20; i++) {
                append(log, "k" + i % 2, "v" + i, 1000 + i);
            }
            long active = log.endOffset() - 1;

            run(log.compaction(CompactionOwner.NONE));

            assertThat(log.compactedOffset()).isPositive().isLessThanOrEqualTo(active);
            assertThat(Batches.read(log, 0)).contains("18:v18", "19:v19").hasSizeLessThan(6);
            assertThat(log.startOffset()).isZero();
            assertThat(log.endOffset()).isEqualTo(20);
            assertThat(log.isCompacting()).isFalse();
        }
        try (CommitLog log = open()) {
            assertThat(log.compactedOffset()).isPositive();
            assertThat(Batches.read(log, 0)).contains("18:v18", "19:v19").hasSizeLessThan(6);
        }
    }

    @Test
    void shouldNotGoBeyondTheLimitNorTouchWhatIsYoung() {
        policy = policy.minLagMs(500);
        try (CommitLog log = open()) {
            for (int i = 0; i < 20; i++) {
                append(log, "k", "v" + i, i < 10 ? 1000 : nowMs);
            }
            long[] limit = {0};
            Job job = log.compaction(new CompactionOwner() {
                @Override
                public long limitOffset() {
                    return limit[0];
                }
            });
            run(job);
            assertThat(log.compactedOffset()).isZero();

            limit[0] = 20;
            run(job);
            assertThat(log.compactedOffset()).isPositive().isLessThanOrEqualTo(10);
            nowMs += 501;
            run(job);
            assertThat(log.compactedOffset()).isGreaterThan(10);
        }
    }

    @Test
    void shouldWaitUntilEnoughIsNewOrOld() {
        policy = policy.minDirtyRatio(1).maxLagMs(60_000);
        try (CommitLog log = open()) {
            for (int i = 0; i < 20; i++) {
                append(log, "k", "v" + i, nowMs);
            }
            Job job = log.compaction(CompactionOwner.NONE);
            run(job);
            assertThat(log.compactedOffset()).isZero();

            nowMs += 60_001;
            run(job);

            assertThat(log.compactedOffset()).isPositive();
        }
    }

    @Test
    void shouldStopAtABatchThatCannotBeReadAndServeOn() {
        try (CommitLog log = open()) {
            for (int i = 0; i < 20; i++) {
                append(log, "k", "v" + i, nowMs);
            }
        }
        String name = storage.names().stream()
                .filter(LogFiles::isLog)
                .sorted()
                .skip(1)
                .findFirst()
                .orElseThrow();
        storage.flipBit(name, 65, 3);
        try (CommitLog log = open()) {
            List<String> before = readable(log);
            run(log.compaction(CompactionOwner.NONE));

            assertThat(log.compactionStopReason())
                    .hasValueSatisfying(
                            reason -> assertThat(reason).contains("CRC").contains(name));
            assertThat(stopped.get())
                    .startsWith(LogFiles.baseOffset(name) + ": ")
                    .contains("CRC");
            assertThat(log.isCompacting()).isFalse();
            assertThat(log.isFailed()).isFalse();
            assertThat(readable(log)).isEqualTo(before);
            assertThat(storage.names()).noneMatch(LogFiles::isTemporary);
            append(log, "k", "again", nowMs);
            assertThat(log.endOffset()).isEqualTo(21);
        }
    }

    private static List<String> readable(CommitLog log) {
        List<String> read = new ArrayList<>();
        for (long offset = 0; offset < log.endOffset(); offset++) {
            try (LogReader reader = log.readerAt(offset)) {
                if (reader.next() && reader.offset() == offset) {
                    read.add(offset + ":" + Batches.text(reader.record().value()));
                }
            } catch (CorruptLogException e) {
                read.add(offset + ": damaged");
            }
        }
        return read;
    }

    @Test
    void shouldCompactAllAgainWhenItsFileIsDamaged() {
        try (CommitLog log = open()) {
            for (int i = 0; i < 20; i++) {
                append(log, "k" + i % 3, "v" + i, nowMs);
            }
            run(log.compaction(CompactionOwner.NONE));
        }
        storage.flipBit(LogFiles.COMPACTED, 3, 0);
        try (CommitLog log = open()) {
            assertThat(log.compactedOffset()).isZero();
            List<String> before = Batches.read(log, 0);
            run(log.compaction(CompactionOwner.NONE));
            assertThat(Batches.read(log, 0)).isEqualTo(before);
            assertThat(log.compactedOffset()).isPositive();
        }
    }

    /** The last segment is read again after a crash; that offsets are missing in it is no damage when it was compacted. */
    @Test
    void shouldRecoverALogThatWasCutInsideItsCompactedPart() {
        List<String> left;
        MemoryStorage found;
        try (CommitLog log = open(storage, config().segmentBytes(2000).build())) {
            for (int i = 0; i < 60; i++) {
                append(log, i % 10 == 0 ? "k" + i : "k", "v" + i, nowMs);
            }
            run(log.compaction(CompactionOwner.NONE));
            assertThat(Batches.read(log, 0))
                    .startsWith("0:v0", "10:v10", "20:v20")
                    .hasSizeLessThan(40);

            log.truncateTo(15);
            assertThat(log.compactedOffset()).isZero();
            left = Batches.read(log, 0);
            found = storage.afterCrash(MemoryStorage.Survival.PROCESS_DEATH, 1);
        }
        assertThat(left).containsExactly("0:v0", "10:v10");
        try (CommitLog log = open(found, config().segmentBytes(2000).build())) {
            assertThat(log.recoveryReport().damaged()).isEmpty();
            assertThat(log.recoveryReport().truncatedBytes()).isZero();
            assertThat(Batches.read(log, 0)).isEqualTo(left);
            assertThat(log.endOffset()).isEqualTo(11);
        }
    }

    @Test
    void shouldDeleteSegmentsOfWhichNothingIsLeft() {
        RetentionPolicy retention = RetentionPolicy.keep(Duration.ofMillis(100));
        try (CommitLog log =
                open(storage, config().retention(retention).segmentBytes(70).build())) {
            for (int i = 0; i < 20; i++) {
                append(log, "k", "v" + i, nowMs);
            }
            assertThat(log.applyRetention(nowMs)).isZero();
            run(log.compaction(CompactionOwner.NONE));
            append(log, "k", "v20", nowMs);
            run(log.compaction(CompactionOwner.NONE));
            nowMs += 50;
            append(log, "k", "v21", nowMs);

            log.applyRetention(nowMs + 75);

            assertThat(Batches.read(log, log.startOffset())).containsExactly("21:v21");
        }
    }

    @Test
    void shouldMoveNoMoreThanTheThrottleAllows() {
        policy = policy.bytesPerSecond(1000);
        try (CommitLog log = open(storage, config().segmentBytes(2000).build())) {
            for (int i = 0; i < 200; i++) {
                append(log, "k" + i, "v" + i, nowMs);
            }
            Job job = log.compaction(CompactionOwner.NONE);
            int steps = 0;
            while (log.compactedOffset() == 0) {
                int moved = job.doWork();
                steps++;
                assertThat(job.doWork() == 0 || moved < 1000).isTrue();
                nowMs += 1000;
            }
            // Fifteen kilobytes are read twice and written once.
            assertThat(steps).isGreaterThan(25);
        }
    }

    @Test
    void shouldShowReadersEveryRecordOnceWhateverIsCompacted(@TempDir Path directory) throws Exception {
        LogConfig config = LogConfig.builder()
                .segmentBytes(20_000)
                .indexIntervalBytes(500)
                .compaction(CompactionPolicy.builder()
                        .minDirtyRatio(0.1)
                        .memoryBytes(1 << 16)
                        .build())
                .build();
        long deadline = System.nanoTime() + Duration.ofSeconds(3).toNanos();
        AtomicLong compactions = new AtomicLong();
        ExecutorService pool = Executors.newFixedThreadPool(5);
        try (CommitLog log = CommitLog.open(ChannelStorage.open(directory), config)) {
            List<Future<?>> running = List.of(
                    pool.submit(() -> appendUntil(log, deadline)),
                    pool.submit(() -> compactUntil(log, deadline, compactions)),
                    pool.submit(() -> readUntil(log, deadline, 1)),
                    pool.submit(() -> readUntil(log, deadline, 2)),
                    pool.submit(() -> searchUntil(log, deadline)));
            for (Future<?> thread : running) {
                thread.get();
            }
            assertThat(log.compactionStopReason()).isEmpty();
            assertThat(compactions.get()).isPositive();
        } finally {
            pool.shutdownNow();
        }
    }

    /** Whatever is cut off under a compaction, what counts as compacted afterwards has every key once. */
    @Test
    void shouldBearTruncationUnderIt() throws Exception {
        LogConfig config = LogConfig.builder()
                .segmentBytes(5_000)
                .compaction(CompactionPolicy.builder()
                        .minDirtyRatio(0)
                        .memoryBytes(1 << 16)
                        .build())
                .build();
        long deadline = System.nanoTime() + Duration.ofSeconds(2).toNanos();
        AtomicLong compactions = new AtomicLong();
        ExecutorService pool = Executors.newFixedThreadPool(2);
        try (CommitLog log = CommitLog.open(new MemoryStorage(), config)) {
            Future<?> compacting = pool.submit(() -> compactUntil(log, deadline, compactions));
            Future<?> appending = pool.submit(() -> {
                Random random = new Random(1);
                while (System.nanoTime() < deadline) {
                    append(log, "k" + random.nextInt(100), "v", 1000);
                    if (random.nextInt(200) == 0) {
                        log.truncateTo(log.endOffset() - random.nextInt((int) Math.min(500, log.endOffset())));
                    }
                }
            });
            compacting.get();
            appending.get();
            assertThat(compactions.get()).isPositive();
            assertThat(log.compactionStopReason()).isEmpty();
            List<String> keys = new ArrayList<>();
            try (LogReader reader = log.readerAt(0)) {
                while (reader.next() && reader.offset() < log.compactedOffset()) {
                    keys.add(Batches.text(reader.record().key()));
                }
            }
            assertThat(keys).doesNotHaveDuplicates();
        } finally {
            pool.shutdownNow();
        }
    }

    private static void appendUntil(CommitLog log, long deadline) {
        Random random = new Random(1);
        while (System.nanoTime() < deadline) {
            BatchBuilder batch = new BatchBuilder();
            long offset = log.endOffset();
            for (int i = random.nextInt(5); i >= 0; i--) {
                int key = random.nextInt(3000);
                batch.add(1 + offset, Batches.bytes("k" + key), Batches.bytes("v" + offset++), List.of());
            }
            log.append(batch);
        }
    }

    private static void compactUntil(CommitLog log, long deadline, AtomicLong compactions) {
        Job job = log.compaction(CompactionOwner.NONE);
        long before = 0;
        while (System.nanoTime() < deadline) {
            job.doWork();
            log.rest();
            if (log.compactedOffset() > before) {
                before = log.compactedOffset();
                compactions.incrementAndGet();
            }
        }
    }

    private static void readUntil(CommitLog log, long deadline, long seed) {
        Random random = new Random(seed);
        while (System.nanoTime() < deadline) {
            long end = log.endOffset();
            long offset = random.nextBoolean() ? 0 : (long) (random.nextDouble() * end);
            long last = -1;
            try (LogReader reader = log.readerAt(offset)) {
                while (reader.next()) {
                    assertThat(reader.offset()).isGreaterThan(last);
                    last = reader.offset();
                    assertThat(Batches.text(reader.record().value())).isEqualTo("v" + last);
                }
            }
            assertThat(last).isGreaterThanOrEqualTo(end - 1);
        }
    }

    private static void searchUntil(CommitLog log, long deadline) {
        Random random = new Random(3);
        while (System.nanoTime() < deadline) {
            long end = log.endOffset();
            if (end == 0) {
                continue;
            }
            long timestampMs = 1 + (long) (random.nextDouble() * end);
            // The last record is always there.
            TimestampedOffset found = log.firstAtOrAfter(timestampMs - 5).orElseThrow();
            assertThat(found.timestampMs()).isGreaterThanOrEqualTo(timestampMs - 5);
            try (LogSlice slice = log.slice(timestampMs - 1, end, 5000)) {
                assertThat(slice.read().remaining()).isEqualTo(slice.sizeBytes());
            }
        }
    }
}
