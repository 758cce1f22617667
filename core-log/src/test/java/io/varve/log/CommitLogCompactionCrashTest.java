// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.batch.BatchBuilder;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.compact.CompactionPolicy;
import io.varve.log.compact.LatestRecords;
import io.varve.log.job.Job;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.MemoryStorage.Survival;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Crashes a log at every operation of its storage while it is compacted, and looks at what the next opening finds. */
class CommitLogCompactionCrashTest {

    private static final int BATCHES = 40;
    private static final CompactionPolicy POLICY = CompactionPolicy.builder()
            .minDirtyRatio(0)
            .deleteRetentionMs(0)
            .memoryBytes(LatestRecords.SMALLEST_MEMORY_BYTES)
            .build();
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(600)
            .indexIntervalBytes(100)
            .compaction(POLICY)
            .build();

    private final TreeMap<Long, String> appended = new TreeMap<>();
    private int swaps;
    private long endOffset;

    @ParameterizedTest
    @EnumSource(Survival.class)
    void shouldFindOldOrNewWhereverItCrashes(Survival survival) {
        MemoryStorage whole = filled();
        Map<Long, String> before = read(whole);
        long first = whole.operations();
        compact(whole);
        Map<Long, String> after = read(whole);
        assertThat(after).hasSizeLessThan(before.size() / 2);

        for (long operation = first; operation < whole.operations(); operation++) {
            MemoryStorage storage = filled();
            storage.crashAt(operation);
            try {
                compact(storage);
            } catch (RuntimeException e) {
                assertThat(e).hasStackTraceContaining("crashed");
            }
            TreeMap<Long, String> acknowledged = new TreeMap<>(appended);
            for (long seed = 0; seed < 2; seed++) {
                appended.clear();
                appended.putAll(acknowledged);
                check(storage.afterCrash(survival, seed), after, survival + " at operation " + operation);
            }
        }
        assertThat(swaps).as("crashes in the middle of a swap").isPositive();
    }

    @Test
    void shouldFindOldOrNewWhicheverCallFails() {
        MemoryStorage whole = filled();
        compact(whole);
        Map<Long, String> after = read(whole);

        boolean failed = true;
        for (long call = 0; failed; call++) {
            MemoryStorage storage = filled();
            FaultyStorage faulty = new FaultyStorage(storage);
            faulty.failAfter(call);
            try {
                compact(faulty);
            } catch (StorageException e) {
                assertThat(e).hasStackTraceContaining("made to fail");
            }
            failed = faulty.heal();
            assertThat(faulty.openFiles()).as("open files without call " + call).isEmpty();
            check(storage, after, "without call " + call);
        }
    }

    private void check(MemoryStorage storage, Map<Long, String> after, String where) {
        swaps += (int) storage.names().stream()
                .filter(name -> name.endsWith(LogFiles.SWAP))
                .count();
        Map<Long, String> found = read(storage);
        assertThat(storage.names()).as(where).noneMatch(name -> LogFiles.isTemporary(name) || name.endsWith(".swap"));
        assertThat(appended.entrySet()).as(where).containsAll(found.entrySet());
        // Whatever was removed has a later record with its key; a tombstone is never gone before what it deletes.
        assertThat(latest(found)).as(where).isEqualTo(latest(appended.headMap(endOffset)));
        compact(storage);
        assertThat(latest(read(storage))).as(where).isEqualTo(latest(after));
    }

    /** A log with segments enough, closed and opened again. */
    private MemoryStorage filled() {
        MemoryStorage storage = new MemoryStorage();
        appended.clear();
        Random random = new Random(5);
        try (CommitLog log = open(storage, 1000)) {
            for (int i = 0; i < BATCHES; i++) {
                BatchBuilder builder = new BatchBuilder();
                for (int record = 0; record < 3; record++) {
                    String key = "k" + random.nextInt(12);
                    String value = random.nextInt(5) == 0 ? null : "v" + i;
                    builder.add(1000, Batches.bytes(key), value == null ? null : Batches.bytes(value), List.of());
                    appended.put(log.endOffset() + record, key + "=" + value);
                }
                log.append(builder);
            }
        }
        return storage;
    }

    private static CommitLog open(Storage storage, long nowMs) {
        return CommitLog.open(storage, CONFIG, () -> Instant.ofEpochMilli(nowMs));
    }

    /** Compacts, appends some, and compacts again when the time of the tombstones is over. */
    private void compact(Storage storage) {
        try (CommitLog log = open(storage, 2000)) {
            run(log);
            for (int i = 0; i < 12; i++) {
                BatchBuilder builder = new BatchBuilder();
                builder.add(1000, Batches.bytes("extra" + i % 2), Batches.bytes("padding".repeat(10)), List.of());
                appended.put(log.endOffset(), "extra" + i % 2 + "=" + "padding".repeat(10));
                log.append(builder);
            }
            run(log);
        }
    }

    private static void run(CommitLog log) {
        Job job = log.compaction(CompactionOwner.NONE);
        while (job.doWork() > 0) {
            assertThat(log.compactionStopReason()).isEmpty();
        }
        if (log.isFailed()) {
            log.flush();
        }
    }

    /** What a reader finds, by offset. */
    private Map<Long, String> read(MemoryStorage storage) {
        TreeMap<Long, String> found = new TreeMap<>();
        try (CommitLog log = open(storage, 1000);
                LogReader reader = log.readerAt(log.startOffset())) {
            endOffset = log.endOffset();
            assertThat(log.recoveryReport().damaged()).isEmpty();
            assertThat(log.recoveryReport().quarantined()).isEmpty();
            while (reader.next()) {
                String value = reader.record().value() == null
                        ? "null"
                        : Batches.text(reader.record().value());
                found.put(reader.offset(), Batches.text(reader.record().key()) + "=" + value);
            }
        }
        return found;
    }

    /** The values of the keys that have one. */
    private static Map<String, String> latest(Map<Long, String> records) {
        TreeMap<String, String> latest = new TreeMap<>();
        new TreeMap<>(records).values().forEach(record -> {
            String key = record.substring(0, record.indexOf('='));
            String value = record.substring(key.length() + 1);
            latest.put(key, value);
        });
        latest.values().removeIf("null"::equals);
        return latest;
    }

    @Test
    void shouldWaitForSpaceOnAFullDisk() {
        MemoryStorage storage = filled();
        long[] nowMs = {1000};
        try (CommitLog log = CommitLog.open(storage, CONFIG, () -> Instant.ofEpochMilli(nowMs[0]))) {
            Job job = log.compaction(CompactionOwner.NONE);
            storage.capacityBytes(log.sizeBytes());
            for (int i = 0; i < 20; i++) {
                job.doWork();
            }
            assertThat(log.isFailed()).isFalse();
            assertThat(log.compactionStopReason()).isEmpty();
            assertThat(log.compactedOffset()).isZero();

            storage.capacityBytes(Long.MAX_VALUE);
            nowMs[0] += 15_000;
            while (job.doWork() > 0) {
                assertThat(log.isCompacting() || log.compactedOffset() > 0).isTrue();
            }
            assertThat(log.compactedOffset()).isPositive();
        }
    }
}
