// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.Compression;
import io.varve.log.storage.Storage;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Random operations against a log and against a map; the seed is the test's parameter. */
class CommitLogModelTest {

    private static final int STEPS = 400;

    @TempDir
    Path directory;

    private Disk disk;
    private Storage storage;
    private CommitLog log;
    private final TreeMap<Long, Entry> model = new TreeMap<>();
    private final java.util.Set<Long> batchEnds = new java.util.TreeSet<>();
    private final TreeMap<Integer, Long> epochs = new TreeMap<>();
    private long start;
    private long end;
    private int epoch;
    private long nowMs = 10_000;

    private record Entry(String value, long timestampMs) {}

    static Stream<Arguments> disksAndSeeds() {
        return Stream.of(Disk.values()).flatMap(disk -> LongStream.rangeClosed(1, disk == Disk.MEMORY ? 20 : 6)
                .mapToObj(seed -> Arguments.of(disk, seed)));
    }

    @ParameterizedTest
    @MethodSource("disksAndSeeds")
    void shouldBehaveLikeAMap(Disk disk, long seed) {
        this.disk = disk;
        storage = disk.open(directory);
        Random random = new Random(seed);
        LogConfig config = LogConfig.builder()
                .segmentBytes(200 + random.nextInt(3000))
                .indexIntervalBytes(1 + random.nextInt(500))
                .segmentAge(Duration.ofMillis(500))
                .build();
        log = open(config);
        for (int step = 0; step < STEPS; step++) {
            step(random, config);
            assertThat(log.startOffset())
                    .as("start, seed=%d step=%d", seed, step)
                    .isEqualTo(start);
            assertThat(log.endOffset()).as("end, seed=%d step=%d", seed, step).isEqualTo(end);
            check(random, "seed=" + seed + " step=" + step);
        }
        log.close();
    }

    private CommitLog open(LogConfig config) {
        return CommitLog.open(storage, config, () -> java.time.Instant.ofEpochMilli(nowMs));
    }

    private void step(Random random, LogConfig config) {
        nowMs += random.nextInt(50);
        switch (random.nextInt(16)) {
            case 0 -> deleteBefore(start + random.nextInt((int) (end - start) + 1));
            case 1 -> truncate(start + random.nextInt((int) (end - start) + 1));
            case 2 -> {
                log.close();
                log = open(config);
                assertThat(log.recoveryReport().wasClean()).isTrue();
            }
            case 3 -> {
                storage = disk.afterProcessDeath(storage, directory);
                log = open(config);
                assertThat(log.recoveryReport().truncatedBytes()).isZero();
            }
            case 4 -> assertThat(log.flush()).isEqualTo(end);
            case 5 -> epoch++;
            case 6 -> log.upkeep().doWork();
            case 7 -> {
                if (random.nextInt(6) == 0) {
                    reset(Math.max(0, start - 20 + random.nextInt((int) (end - start) + 40)));
                }
            }
            case 8, 9 -> appendAsFollower(random);
            default -> append(random);
        }
    }

    private void deleteBefore(long offset) {
        log.deleteBefore(offset);
        start = Math.max(start, offset);
        model.headMap(start).clear();
    }

    private void truncate(long offset) {
        log.truncateTo(offset);
        if (offset < end) {
            assertThat(log.endOffset()).isLessThanOrEqualTo(offset);
            assertThat(log.endOffset())
                    .satisfiesAnyOf(cut -> assertThat(batchEnds).contains(cut), cut -> assertThat(cut)
                            .isEqualTo(start));
            end = log.endOffset();
            model.tailMap(end).clear();
            batchEnds.removeIf(last -> last > end);
            epochs.values().removeIf(first -> first >= end);
            epoch = Math.max(0, log.epoch());
        }
    }

    private void reset(long offset) {
        log.resetTo(offset);
        assertThat(log.epoch()).isEqualTo(-1);
        start = offset;
        end = offset;
        model.clear();
        batchEnds.clear();
        epochs.clear();
    }

    private void append(Random random) {
        int records = 1 + random.nextInt(8);
        Compression compression = Compression.of(random.nextInt(5));
        long timestampMs = nowMs - random.nextInt(200);
        String prefix = "v" + end + "-";
        ByteBuffer batch = Batches.batch(prefix, records, timestampMs, compression);

        assertThat(log.append(batch, epoch)).isEqualTo(end);

        assertThat(batch.hasRemaining()).isFalse();
        appended(end, prefix, records, timestampMs);
    }

    private void appended(long baseOffset, String prefix, int records, long timestampMs) {
        for (int i = 0; i < records; i++) {
            model.put(baseOffset + i, new Entry(prefix + i, timestampMs + i));
        }
        end = baseOffset + records;
        batchEnds.add(end);
        epochs.putIfAbsent(epoch, baseOffset);
    }

    /** Batches of a leader that has compacted its log, and of the leaders before it. */
    private void appendAsFollower(Random random) {
        List<ByteBuffer> batches = new java.util.ArrayList<>();
        long before = end;
        for (int left = 1 + random.nextInt(3); left > 0; left--) {
            long baseOffset = end + Math.max(0, random.nextInt(12) - 6);
            epoch += Math.max(0, random.nextInt(4) - 2);
            int records = 1 + random.nextInt(8);
            String prefix = "f" + baseOffset + "-";
            ByteBuffer batch = Batches.batch(prefix, records, nowMs, Compression.of(random.nextInt(5)));
            BatchDescriptor.patch(batch, batch.position(), baseOffset, epoch);
            batches.add(batch);
            appended(baseOffset, prefix, records, nowMs);
        }
        ByteBuffer all = ByteBuffer.allocate(
                batches.stream().mapToInt(ByteBuffer::remaining).sum());
        batches.forEach(all::put);

        assertThat(log.appendAsFollower(all.flip())).isEqualTo(before);

        assertThat(all.hasRemaining()).isFalse();
    }

    private void check(Random random, String where) {
        assertThat(log.epoch()).as(where).isEqualTo(epochs.isEmpty() ? -1 : epochs.lastKey());
        epochs.forEach((known, first) -> {
            if (first >= start) {
                java.util.Map.Entry<Integer, Long> next = epochs.higherEntry(known);
                assertThat(log.endOffsetOf(known).offset())
                        .as("end of epoch %d, %s", known, where)
                        .isEqualTo(next == null ? end : Math.max(start, next.getValue()));
            }
        });
        long from = start + random.nextInt((int) (end - start) + 1);
        List<String> expected = model.tailMap(from).entrySet().stream()
                .map(entry -> entry.getKey() + ":" + entry.getValue().value())
                .toList();
        assertThat(Batches.read(log, from))
                .as("records from %d, %s", from, where)
                .isEqualTo(expected);

        long timestampMs = nowMs - random.nextInt(1000);
        Optional<Long> byTime = model.entrySet().stream()
                .filter(entry -> entry.getValue().timestampMs() >= timestampMs)
                .map(java.util.Map.Entry::getKey)
                .findFirst();
        assertThat(log.firstAtOrAfter(timestampMs).map(TimestampedOffset::offset))
                .as("first at or after %d, %s", timestampMs, where)
                .isEqualTo(byTime);

        try (LogSlice slice = log.slice(from, end, 1 + random.nextInt(2000))) {
            assertThat(slice.sizeBytes() > 0).as("slice at %d, %s", from, where).isEqualTo(from < end);
            assertThat(slice.read().remaining()).isEqualTo(slice.sizeBytes());
        }
        assertThatExceptionOfType(OffsetOutOfRangeException.class).isThrownBy(() -> log.readerAt(end + 1));
        assertThatExceptionOfType(OffsetOutOfRangeException.class).isThrownBy(() -> log.readerAt(start - 1));
    }
}
