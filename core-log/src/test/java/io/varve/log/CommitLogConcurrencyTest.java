// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One writer that appends, rolls and deletes, and readers that follow it. */
class CommitLogConcurrencyTest {

    private static final int BATCHES = 5000;
    private static final int READERS = 3;

    @ParameterizedTest
    @EnumSource
    void shouldShowEveryReaderTheSameRecords(Disk disk, @TempDir Path directory) throws Exception {
        LogConfig config = LogConfig.builder().segmentBytes(20_000).build();
        ExecutorService threads = Executors.newFixedThreadPool(READERS);
        try (CommitLog log = CommitLog.open(disk.open(directory), config)) {
            List<Future<Long>> readers = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                readers.add(threads.submit(follow(log)));
            }
            for (int i = 0; i < BATCHES; i++) {
                log.append(Batches.batch("v" + 2L * i + "-", 2), 0);
            }
            for (Future<Long> reader : readers) {
                assertThat(reader.get()).isEqualTo(2L * BATCHES);
            }
            assertThat(log.segmentCount()).isGreaterThan(10);
        } finally {
            threads.shutdownNow();
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldLetAReaderFinishWhatRetentionHasTaken(Disk disk, @TempDir Path directory) {
        LogConfig config = LogConfig.builder().segmentBytes(500).build();
        try (CommitLog log = CommitLog.open(disk.open(directory), config)) {
            for (int i = 0; i < 20; i++) {
                log.append(Batches.batch("v" + i + "-", 2), 0);
            }
            try (LogSlice slice = log.slice(0, 40, 100_000)) {
                log.deleteBefore(30);

                assertThat(slice.read().remaining())
                        .isEqualTo(slice.sizeBytes())
                        .isPositive();
            }
            assertThat(log.startOffset()).isEqualTo(30);
        }
    }

    private static Callable<Long> follow(CommitLog log) {
        return () -> {
            long next = 0;
            try (LogReader reader = log.readerAt(0)) {
                while (next < 2L * BATCHES) {
                    if (!reader.next()) {
                        Thread.onSpinWait();
                        continue;
                    }
                    assertThat(reader.offset()).isEqualTo(next);
                    assertThat(Batches.text(reader.record().value())).startsWith("v" + (next - next % 2) + "-");
                    next++;
                }
            }
            return next;
        };
    }
}
