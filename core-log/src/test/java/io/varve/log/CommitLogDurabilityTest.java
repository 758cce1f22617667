// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.log.job.Job;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.MemoryStorage.Survival;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.StorageException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommitLogDurabilityTest {

    private static final LogConfig CONFIG = LogConfig.defaults();

    private final MemoryStorage storage = new MemoryStorage();

    @Test
    void shouldTellThoseWhoWaitForDurability() throws InterruptedException {
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            long first = log.append(Batches.batch("a", 2), 0);
            CompletableFuture<Long> waiting = log.whenDurable(first + 2);
            CompletableFuture<Long> later = log.whenDurable(5);
            assertThat(waiting).isNotDone();

            assertThat(log.awaitDurable(2)).isEqualTo(2);

            assertThat(waiting).isCompletedWithValue(2L);
            assertThat(log.whenDurable(1)).isCompletedWithValue(2L);
            assertThat(later).isNotDone();
            assertThatExceptionOfType(OffsetOutOfRangeException.class).isThrownBy(() -> log.awaitDurable(3));
            log.close();
            assertThat(later).isCompletedExceptionally();
        }
    }

    @Test
    void shouldTellThoseWhoWaitThatAFlushFailed() {
        CommitLog log = CommitLog.open(storage, CONFIG);
        log.append(Batches.batch("a", 2), 0);
        CompletableFuture<Long> waiting = log.whenDurable(2);
        storage.forceFails(true);

        assertThatExceptionOfType(StorageException.class).isThrownBy(log::flush);

        assertThat(waiting).isCompletedExceptionally();
        log.close();
    }

    @Test
    void shouldTellThoseWhoWaitThatAnAppendWasLeftHalfDone() {
        FaultyStorage faulty = new FaultyStorage(storage);
        CommitLog log = CommitLog.open(faulty, CONFIG);
        log.append(Batches.batch("a", 2), 0);
        CompletableFuture<Long> waiting = log.whenDurable(2);
        storage.capacityBytes(0);
        faulty.failAfter(1); // the write finds no room, and cutting off what it has left fails

        assertThatExceptionOfType(OutOfSpaceException.class).isThrownBy(() -> log.append(Batches.batch("b", 2), 0));

        assertThat(faulty.heal()).isTrue();
        assertThat(waiting).isCompletedExceptionally();
        assertThatExceptionOfType(StorageException.class).isThrownBy(log::flush);
        log.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 6, 11})
    void shouldNotBringBackWhatWasTruncatedWhenPowerIsCut(int endOffset) {
        CommitLog log =
                CommitLog.open(storage, LogConfig.builder().segmentBytes(400).build());
        for (int i = 0; i < 12; i++) {
            log.append(Batches.batch("v" + i + "-", 1), 0);
        }
        log.flush();

        log.truncateTo(endOffset);

        for (int seed = 0; seed < 20; seed++) {
            try (CommitLog again = CommitLog.open(storage.afterCrash(Survival.POWER_LOSS, seed), CONFIG)) {
                assertThat(again.endOffset()).isEqualTo(endOffset);
            }
        }
        log.close();
    }

    /** Power is cut at random moments of a group commit; what was acknowledged is there. */
    @Test
    void shouldLoseNothingThatWasAcknowledgedWhenPowerIsCut() throws InterruptedException {
        LogConfig config = LogConfig.builder()
                .segmentBytes(2000)
                .recoveryBytes(1200)
                .flushPolicy(FlushPolicy.groupCommit(Duration.ZERO, 400))
                .build();
        for (int seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            MemoryStorage disk = new MemoryStorage();
            disk.crashAt(20 + random.nextInt(300));
            long acknowledged = 0;
            List<String> appended = new ArrayList<>();
            try (CommitLog log = CommitLog.open(disk, config)) {
                Job upkeep = log.upkeep();
                for (int i = 0; i < 200; i++) {
                    long offset = log.append(Batches.batch("v" + i + "-", 1), 0);
                    appended.add(offset + ":v" + i + "-0");
                    switch (random.nextInt(4)) {
                        case 0 -> acknowledged = Math.max(acknowledged, log.awaitDurable(offset + 1));
                        case 1 -> upkeep.doWork();
                        default -> {}
                    }
                    acknowledged = Math.max(acknowledged, log.flushedOffset());
                }
            } catch (io.varve.log.storage.StorageException e) {
                assertThat(e).hasMessageContaining("crashed");
            }
            try (CommitLog log = CommitLog.open(disk.afterCrash(Survival.POWER_LOSS, seed), config)) {
                List<String> found = Batches.read(log, 0);
                assertThat(found.size()).as("seed=%d", seed).isGreaterThanOrEqualTo((int) acknowledged);
                int known = Math.min(found.size(), appended.size());
                assertThat(found.subList(0, known)).as("seed=%d", seed).isEqualTo(appended.subList(0, known));
            }
        }
    }

    /** Whatever its length, no more of the log is read again than the configuration says. */
    @Test
    void shouldReadNoMoreAgainThanTheBound() {
        LogConfig config = LogConfig.builder()
                .segmentBytes(50_000)
                .recoveryBytes(4000)
                .indexIntervalBytes(200)
                .build();
        for (int batches = 1; batches < 1000; batches += 37) {
            MemoryStorage disk = new MemoryStorage();
            CommitLog log = CommitLog.open(disk, config);
            for (int i = 0; i < batches; i++) {
                log.append(Batches.batch("v" + i + "-", 1), i / 300);
            }
            MemoryStorage after = disk.afterCrash(Survival.PROCESS_DEATH, batches);
            try (CommitLog again = CommitLog.open(after, config)) {
                assertThat(again.recoveryReport().wasClean()).isFalse();
                assertThat(again.recoveryReport().scannedBytes())
                        .as("batches=%d", batches)
                        .isLessThanOrEqualTo(4000);
                assertThat(again.endOffset()).isEqualTo(batches);
                assertThat(Batches.read(again, 0)).isEqualTo(Batches.read(log, 0));
                assertThat(again.epoch()).isEqualTo((batches - 1) / 300);
            }
        }
    }

    @Test
    void shouldPutAsideASegmentThatIsNotOfThisLog() {
        LogConfig config = LogConfig.builder().segmentBytes(300).build();
        List<String> written;
        try (CommitLog log = CommitLog.open(storage, config)) {
            for (int i = 0; i < 20; i++) {
                log.append(Batches.batch("v" + i + "-", 2), 0);
            }
            written = Batches.read(log, 0);
        }
        try (var foreign = storage.open("00000000000000000001.log")) {
            foreign.write(ByteBuffer.wrap(new byte[100]), 0);
        }

        try (CommitLog log = CommitLog.open(storage, config)) {
            assertThat(log.recoveryReport().quarantined()).containsExactly("00000000000000000001.log.quarantine");
            assertThat(Batches.read(log, 0)).isEqualTo(written);
        }
        assertThat(storage.exists("00000000000000000001.log.quarantine")).isTrue();
    }

    @Test
    void shouldPutAsideATailThatMayHaveBeenWhole() {
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            log.append(Batches.batch("a", 2), 0);
            log.append(Batches.batch("b", 2), 0);
            MemoryStorage after = storage.afterCrash(Survival.PROCESS_DEATH, 0);
            long sizeBytes = log.sizeBytes();
            after.flipBit("00000000000000000000.log", sizeBytes - 1, 0);
            try (CommitLog again = CommitLog.open(after, CONFIG)) {
                assertThat(again.endOffset()).isEqualTo(2);
                assertThat(again.recoveryReport().quarantined())
                        .containsExactly("00000000000000000000.log." + sizeBytes / 2 + ".quarantine");
            }
        }
    }

    @Test
    void shouldKeepCursors() {
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(log.cursor("billing")).isEqualTo(-1);
            log.commitCursor("billing", 7);
            log.commitCursor("audit", 3);
            log.commitCursor("billing", 9);
            log.deleteCursor("audit");
            assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> log.commitCursor("a b", 1));
            assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> log.commitCursor("a", -1));
        }
        try (CommitLog log = CommitLog.open(storage.afterCrash(Survival.POWER_LOSS, 1), CONFIG)) {
            assertThat(log.cursor("billing")).isEqualTo(9);
            assertThat(log.cursors()).containsExactly("billing");
        }
        storage.flipBit("cursors", 3, 1);
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThatExceptionOfType(CorruptLogException.class).isThrownBy(() -> log.cursor("billing"));
        }
    }

    @Test
    void shouldFreeSpaceOnAFullDiskWithTheReserve() {
        LogConfig config =
                LogConfig.builder().segmentBytes(1000).reserveBytes(256).build();
        try (CommitLog log = CommitLog.open(storage, config)) {
            for (int round = 0; round < 100; round++) {
                storage.capacityBytes(8000);
                assertThatExceptionOfType(OutOfSpaceException.class).isThrownBy(() -> {
                    while (true) {
                        log.append(Batches.batch("filling the disk ", 1), 0);
                    }
                });
                assertThat(log.isFailed()).isFalse();
                long end = log.endOffset();
                assertThat(Batches.read(log, log.startOffset())).hasSize((int) (end - log.startOffset()));

                log.deleteBefore(end - 5);
                log.restoreReserve();

                assertThat(log.append(Batches.batch("again ", 1), 0)).isEqualTo(end);
            }
        }
        try (CommitLog log = CommitLog.open(storage, config)) {
            assertThat(log.recoveryReport().wasClean()).isTrue();
        }
    }

    @Test
    void shouldTellItsListener() {
        List<String> events = new ArrayList<>();
        LogListener listener = new LogListener() {
            @Override
            public void onRecovery(RecoveryReport report) {
                events.add("recovery clean=" + report.wasClean());
            }

            @Override
            public void onRoll(long baseOffset) {
                events.add("roll " + baseOffset);
            }

            @Override
            public void onFlush(long flushedOffset) {
                events.add("flush " + flushedOffset);
            }

            @Override
            public void onDelete(long startOffset) {
                events.add("delete " + startOffset);
            }
        };
        LogConfig config =
                LogConfig.builder().segmentBytes(100).listener(listener).build();
        try (CommitLog log = CommitLog.open(storage, config)) {
            log.append(Batches.batch("a", 1), 0);
            log.flush();
            log.append(Batches.batch("b", 1), 0);
            log.deleteBefore(1);
        }
        assertThat(events).containsExactly("recovery clean=true", "flush 1", "roll 1", "delete 1");
    }

    @Test
    void shouldRefuseUseAfterClose() {
        CommitLog log = CommitLog.open(storage, CONFIG);
        log.append(Batches.batch("a", 1), 0);
        LogReader reader = log.readerAt(0);
        log.close();
        log.close();

        List<org.assertj.core.api.ThrowableAssert.ThrowingCallable> uses = List.of(
                () -> log.append(Batches.batch("b", 1), 0),
                log::flush,
                () -> log.readerAt(0),
                reader::next,
                () -> log.slice(0, 1, 100),
                () -> log.deleteBefore(1),
                () -> log.truncateTo(0),
                () -> log.applyRetention(0),
                () -> log.cursor("a"),
                () -> log.commitCursor("a", 1),
                () -> log.whenDurable(9));
        for (var use : uses) {
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(use);
        }
        assertThat(log.upkeep().doWork()).isZero();
    }

    @Test
    void shouldWaitForTheNextRecord() throws Exception {
        try (CommitLog log = CommitLog.open(storage, CONFIG);
                LogReader reader = log.readerAt(0)) {
            assertThat(reader.next(Duration.ofMillis(1))).isFalse();
            CompletableFuture<Boolean> found = CompletableFuture.supplyAsync(() -> {
                try {
                    return reader.next(Duration.ofMinutes(1));
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            log.append(Batches.batch("a", 1), 0);
            assertThat(found.get()).isTrue();
            assertThat(reader.offset()).isZero();
        }
    }
}
