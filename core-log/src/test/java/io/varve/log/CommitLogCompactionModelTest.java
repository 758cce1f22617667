// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.Compression;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.compact.CompactionPolicy;
import io.varve.log.job.Job;
import io.varve.log.storage.MemoryStorage;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random appends, compactions, truncations, deletions and openings against a map of all that was appended; the seed is the test's
 * parameter. Whatever has been compacted, a record that is there is the one that was appended at its offset, and the last of every
 * key is there unless it is a tombstone whose time is over.
 */
class CommitLogCompactionModelTest {

    private static final int STEPS = 300;
    private static final int KEYS = 40;
    private static final long DELETE_RETENTION_MS = 300;

    private final TreeMap<Long, Entry> model = new TreeMap<>();
    private final TreeSet<Long> abortedBatches = new TreeSet<>();
    private MemoryStorage storage = new MemoryStorage();
    private CommitLog log;
    private Job compaction;
    private LogConfig config;
    private long nowMs = 100_000;
    private long limit;
    private long completed;
    private long removed;

    private record Entry(String key, String value, long timestampMs, boolean aborted, long appendedMs) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void shouldKeepTheLastOfEveryKey(long seed) {
        Random random = new Random(seed);
        config = LogConfig.builder()
                .segmentBytes(300 + random.nextInt(2000))
                .indexIntervalBytes(1 + random.nextInt(500))
                .segmentAge(Duration.ofMillis(500))
                .listener(new LogListener() {
                    @Override
                    public void onCompact(long compactedOffset) {
                        completed++;
                    }
                })
                .compaction(CompactionPolicy.builder()
                        .minDirtyRatio(random.nextInt(3) * 0.2)
                        .minLagMs(random.nextInt(2) * 100L)
                        .deleteRetentionMs(DELETE_RETENTION_MS)
                        .memoryBytes(1 << 16)
                        .build())
                .build();
        open();
        for (int step = 0; step < STEPS; step++) {
            step(random);
            check(random, "seed=" + seed + " step=" + step);
        }
        log.close();
        assertThat(completed).as("compactions").isPositive();
        assertThat(removed).as("records that are gone").isPositive();
    }

    private void open() {
        log = CommitLog.open(storage, config, () -> Instant.ofEpochMilli(nowMs));
        compaction = log.compaction(new CompactionOwner() {
            @Override
            public long limitOffset() {
                return limit;
            }

            @Override
            public boolean isAborted(long producerId, long baseOffset) {
                return abortedBatches.contains(baseOffset);
            }
        });
        assertThat(log.recoveryReport().damaged()).isEmpty();
        assertThat(log.recoveryReport().quarantined()).isEmpty();
        assertThat(log.compactedOffset()).isLessThanOrEqualTo(log.endOffset());
    }

    private void step(Random random) {
        nowMs += random.nextInt(50);
        switch (random.nextInt(24)) {
            case 0 -> {
                long offset = log.startOffset() + random.nextInt((int) (log.endOffset() - log.startOffset()) / 4 + 1);
                log.deleteBefore(offset);
                model.headMap(log.startOffset()).clear();
            }
            case 1 -> truncate(random);
            case 2 -> {
                log.close();
                open();
                assertThat(log.recoveryReport().wasClean()).isTrue();
            }
            case 3 -> {
                append(random);
                log.flush();
                MemoryStorage.Survival survival =
                        random.nextBoolean() ? MemoryStorage.Survival.PROCESS_DEATH : MemoryStorage.Survival.POWER_LOSS;
                storage = storage.afterCrash(survival, random.nextLong());
                open();
            }
            case 4, 5, 6, 7, 8, 9 -> {
                for (int i = random.nextInt(12); i >= 0; i--) {
                    compaction.doWork();
                }
                assertThat(log.compactionStopReason()).isEmpty();
            }
            case 10, 11 -> limit = log.endOffset();
            default -> append(random);
        }
    }

    /** Truncates what compaction was not allowed to see; now and then more, after which the log itself is the truth. */
    private void truncate(Random random) {
        boolean deep = random.nextInt(6) == 0;
        long smallest = deep ? log.startOffset() : Math.max(limit, log.startOffset());
        long offset = log.endOffset() - random.nextInt((int) (log.endOffset() - smallest) + 1);
        log.truncateTo(offset);
        model.tailMap(log.endOffset()).clear();
        abortedBatches.tailSet(log.endOffset()).clear();
        if (deep) {
            TreeSet<Long> left = new TreeSet<>();
            try (LogReader reader = log.readerAt(log.startOffset())) {
                while (reader.next()) {
                    left.add(reader.offset());
                }
            }
            model.keySet().retainAll(left);
            limit = Math.min(limit, log.endOffset());
        }
    }

    private void append(Random random) {
        int records = 1 + random.nextInt(6);
        long timestampMs = nowMs - random.nextInt(100);
        boolean aborted = random.nextInt(6) == 0;
        BatchBuilder builder = new BatchBuilder().compression(Compression.of(random.nextInt(5)));
        if (aborted) {
            builder.producer(9, (short) 0, 0);
        }
        long end = log.endOffset();
        for (int i = 0; i < records; i++) {
            String key = "k" + random.nextInt(KEYS);
            String value = random.nextInt(5) == 0 ? null : "v" + (end + i) + "x".repeat(random.nextInt(20));
            builder.add(timestampMs + i, Batches.bytes(key), value == null ? null : Batches.bytes(value), List.of());
            model.put(end + i, new Entry(key, value, timestampMs + i, aborted, nowMs));
        }
        ByteBuffer batch = builder.build();
        if (aborted) {
            batch.putShort(21, (short) (BatchDescriptor.attributes(batch, 0) | 0x10));
            batch.putInt(17, BatchDescriptor.computedCrc(batch, 0, batch.limit()));
            abortedBatches.add(end);
        }
        assertThat(log.append(batch, 0)).isEqualTo(end);
    }

    private void check(Random random, String where) {
        Map<String, Long> latest = new HashMap<>();
        model.forEach((offset, entry) -> {
            if (!entry.aborted()) {
                latest.put(entry.key(), offset);
            }
        });
        List<Long> found = new ArrayList<>();
        Map<String, Integer> below = new HashMap<>();
        try (LogReader reader = log.readerAt(log.startOffset())) {
            while (reader.next()) {
                Entry entry = model.get(reader.offset());
                assertThat(entry).as("offset %d, %s", reader.offset(), where).isNotNull();
                String value = reader.record().value() == null
                        ? null
                        : Batches.text(reader.record().value());
                assertThat(value).as("offset %d, %s", reader.offset(), where).isEqualTo(entry.value());
                assertThat(Batches.text(reader.record().key())).isEqualTo(entry.key());
                assertThat(reader.record().timestampMs()).isEqualTo(entry.timestampMs());
                found.add(reader.offset());
                if (reader.offset() < log.compactedOffset()) {
                    assertThat(entry.aborted()).as("aborted, %s", where).isFalse();
                    below.merge(entry.key(), 1, Integer::sum);
                }
            }
        }
        assertThat(found).as("order, %s", where).isSorted().doesNotHaveDuplicates();
        assertThat(below.values()).as("records of a key, %s", where).allMatch(count -> count == 1);
        latest.forEach((key, offset) -> {
            Entry entry = model.get(offset);
            boolean mayBeGone = entry.value() == null && nowMs >= entry.appendedMs() + DELETE_RETENTION_MS;
            assertThat(mayBeGone || found.contains(offset))
                    .as("last record of %s at %d, %s", key, offset, where)
                    .isTrue();
        });
        removed = Math.max(removed, model.size() - found.size());
        checkPositions(random, found, where);
    }

    /** Reading and looking from anywhere finds what reading from the start has found. */
    private void checkPositions(Random random, List<Long> found, String where) {
        long from = log.startOffset() + random.nextInt((int) (log.endOffset() - log.startOffset()) + 1);
        Optional<Long> next = found.stream().filter(offset -> offset >= from).findFirst();
        try (LogReader reader = log.readerAt(from)) {
            assertThat(reader.next()).as("from %d, %s", from, where).isEqualTo(next.isPresent());
            next.ifPresent(offset -> assertThat(reader.offset()).isEqualTo(offset));
        }
        long timestampMs = nowMs - random.nextInt(1000);
        assertThat(log.firstAtOrAfter(timestampMs).map(TimestampedOffset::offset))
                .as("at or after %d, %s", timestampMs, where)
                .isEqualTo(found.stream()
                        .filter(offset -> model.get(offset).timestampMs() >= timestampMs)
                        .findFirst());
        Optional<TimestampedOffset> largest = log.maxTimestamp();
        // What stands before the start of the log in its first segment counts, too.
        if (largest.isEmpty() || largest.get().offset() >= log.startOffset()) {
            assertThat(largest.map(TimestampedOffset::timestampMs))
                    .as("largest timestamp, %s", where)
                    .isEqualTo(found.stream()
                            .map(offset -> model.get(offset).timestampMs())
                            .max(Long::compare));
        }
        try (LogSlice slice = log.slice(from, log.endOffset(), 1 + random.nextInt(2000))) {
            ByteBuffer bytes = slice.read();
            // A batch that ends behind the offset may have lost its last records.
            assertThat(bytes.limit() > 0 || next.isEmpty())
                    .as("slice at %d, %s", from, where)
                    .isTrue();
            for (int at = 0; at < bytes.limit(); ) {
                int sizeBytes = BatchDescriptor.check(bytes, at, bytes.limit(), Integer.MAX_VALUE);
                if (at == 0) {
                    assertThat(BatchDescriptor.lastOffset(bytes, 0)).isGreaterThanOrEqualTo(from);
                    assertThat(BatchDescriptor.baseOffset(bytes, 0)).isLessThanOrEqualTo(next.orElse(Long.MAX_VALUE));
                }
                at += sizeBytes;
            }
        }
    }
}
