// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.job.Job;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Everything at once on real files: appends, reads, slices, flushes, upkeep, retention, truncation, close and reopening. Nobody sees a
 * batch that is not whole, and no exception but those that say that an offset is gone or the log closed.
 *
 * <p>Runs for {@code -Dvarve.stress.seconds} on each storage, 4 when not given.
 */
class CommitLogStressTest {

    private static final Duration LENGTH = Duration.ofSeconds(Long.getLong("varve.stress.seconds", 4));
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(60_000)
            .recoveryBytes(30_000)
            .indexIntervalBytes(500)
            .retention(RetentionPolicy.keepBytes(400_000))
            .retentionCheck(Duration.ofMillis(20))
            .build();

    private final long deadline = System.nanoTime() + LENGTH.toNanos();
    private final AtomicLong read = new AtomicLong();
    private final AtomicLong reopened = new AtomicLong();
    private volatile CommitLog log;

    private interface Step {
        void run(Random random) throws Exception;
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MEMORY")
    void shouldShowWholeBatchesWhateverHappens(Disk disk, @TempDir Path directory) throws Exception {
        log = CommitLog.open(disk.open(directory), CONFIG);
        List<Callable<Long>> threads = List.of(
                loop(1, this::append),
                loop(2, this::append),
                loop(3, this::readOn),
                loop(4, this::readOn),
                loop(5, this::slice),
                loop(6, random -> log.flush()),
                loop(7, this::keepUp),
                loop(8, this::cut),
                loop(9, random -> reopen(disk, directory)));
        ExecutorService pool = Executors.newFixedThreadPool(threads.size());
        try {
            List<Future<Long>> running = new ArrayList<>();
            threads.forEach(thread -> running.add(pool.submit(thread)));
            for (Future<Long> thread : running) {
                assertThat(thread.get()).isPositive();
            }
        } finally {
            pool.shutdownNow();
            log.close();
        }
        assertThat(read.get()).isPositive();
        assertThat(reopened.get()).isPositive();
        try (CommitLog again = CommitLog.open(disk.open(directory), CONFIG)) {
            assertThat(again.recoveryReport().wasClean()).isTrue();
            assertThat(again.recoveryReport().damaged()).isEmpty();
        }
    }

    private Callable<Long> loop(long seed, Step step) {
        return () -> {
            Random random = new Random(seed);
            long steps = 0;
            while (System.nanoTime() < deadline) {
                try {
                    step.run(random);
                } catch (OffsetOutOfRangeException e) {
                    // Retention or truncation was faster.
                } catch (IllegalStateException e) {
                    assertThat(e).hasMessageContaining("closed");
                }
                steps++;
            }
            return steps;
        };
    }

    private void append(Random random) {
        log.append(Batches.batch("x".repeat(random.nextInt(300)) + "-", 1 + random.nextInt(5)), 0);
    }

    private void readOn(Random random) throws InterruptedException {
        CommitLog current = log;
        long start = current.startOffset();
        long span = Math.max(1, current.endOffset() - start);
        try (LogReader reader = current.readerAt(start + (long) (random.nextDouble() * span))) {
            long last = -1;
            for (int i = 0; i < 2000 && reader.next(Duration.ofMillis(1)); i++) {
                assertThat(reader.offset()).isGreaterThan(last);
                last = reader.offset();
                assertThat(Batches.text(reader.record().value())).matches("x*-[0-4]");
                read.incrementAndGet();
            }
        }
    }

    private void slice(Random random) {
        CommitLog current = log;
        long start = current.startOffset();
        long span = Math.max(1, current.endOffset() - start);
        long generation = current.generation();
        try (LogSlice slice = current.slice(start + (long) (random.nextDouble() * span), Long.MAX_VALUE, 10_000)) {
            ByteBuffer bytes = slice.read();
            for (int at = 0; at < bytes.limit() && !current.hasChangedSince(generation); ) {
                at += BatchDescriptor.check(bytes, at, bytes.limit(), Integer.MAX_VALUE);
            }
        } catch (CorruptLogException | InvalidBatchException e) {
            // Cut off under the slice, or the log closed; anything else is damage.
            if (!current.hasChangedSince(generation)) {
                throw e;
            }
        }
    }

    private void keepUp(Random random) {
        Job upkeep = log.upkeep();
        for (int i = 0; i < 1000 && System.nanoTime() < deadline; i++) {
            upkeep.doWork();
            log.rest();
        }
    }

    private void cut(Random random) throws InterruptedException {
        Thread.sleep(random.nextInt(20));
        CommitLog current = log;
        long span = current.endOffset() - current.startOffset();
        if (random.nextBoolean()) {
            current.truncateTo(current.endOffset() - (long) (random.nextDouble() * span / 4));
        } else {
            current.deleteBefore(current.startOffset() + (long) (random.nextDouble() * span / 4));
        }
    }

    private void reopen(Disk disk, Path directory) throws InterruptedException {
        Thread.sleep(200);
        log.close();
        log = CommitLog.open(disk.open(directory), CONFIG);
        reopened.incrementAndGet();
    }
}
