// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.varve.log.batch.BatchBuilder;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.compact.CompactionPolicy;
import io.varve.log.job.Job;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.MemoryStorage.Survival;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.StorageException;
import io.varve.log.storage.StorageFile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Starts a log of offsets 6 to 40 anew: before, inside and behind what it holds. */
class CommitLogResetTest {

    private static final LogConfig CONFIG =
            LogConfig.builder().segmentBytes(400).indexIntervalBytes(100).build();

    private final MemoryStorage storage = new MemoryStorage();

    private static CommitLog filled(MemoryStorage storage) {
        CommitLog log = CommitLog.open(storage, CONFIG);
        for (int i = 0; i < 20; i++) {
            log.append(Batches.batch("v" + i + "-", 2), i / 10);
        }
        log.flush();
        log.commitCursor("early", 8);
        log.commitCursor("late", 30);
        log.deleteBefore(6);
        return log;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 4, 6, 17, 40, 41, 1000})
    void shouldBeginAnewAtTheOffset(long offset) {
        try (CommitLog log = filled(storage)) {
            log.resetTo(offset);

            assertThat(List.of(log.startOffset(), log.endOffset(), log.flushedOffset()))
                    .containsOnly(offset);
            assertThat(log.sizeBytes()).isZero();
            assertThat(log.segmentCount()).isEqualTo(1);
            assertThat(log.epoch()).isEqualTo(-1);
            assertThat(log.cursor("early")).isEqualTo(Math.min(8, offset));
            assertThat(log.cursor("late")).isEqualTo(Math.min(30, offset));
            assertThat(log.firstAtOrAfter(0)).isEmpty();
            assertThat(log.maxTimestamp()).isEmpty();

            assertThat(log.append(Batches.batch("new", 2), 0)).isEqualTo(offset);
            assertThat(Batches.read(log, offset)).containsExactly(offset + ":new0", (offset + 1) + ":new1");
        }
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(log.recoveryReport().wasClean()).isTrue();
            assertThat(log.startOffset()).isEqualTo(offset);
            assertThat(Batches.read(log, offset)).hasSize(2);
            assertThat(log.epoch()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 17, 1000})
    void shouldBeDurable(long offset) {
        try (CommitLog log = filled(storage)) {
            log.resetTo(offset);

            for (long seed = 0; seed < 5; seed++) {
                try (CommitLog again = CommitLog.open(storage.afterCrash(Survival.POWER_LOSS, seed), CONFIG)) {
                    assertThat(again.startOffset()).isEqualTo(offset);
                    assertThat(again.endOffset()).isEqualTo(offset);
                    assertThat(again.epoch()).isEqualTo(-1);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Survival.class)
    void shouldBeTheOldOrTheNewLogWhereverItCrashes(Survival survival) {
        for (long offset : new long[] {4, 17, 1000}) {
            MemoryStorage whole = new MemoryStorage();
            CommitLog counted = filled(whole);
            long before = whole.operations();
            counted.resetTo(offset);
            List<Long> ends = new ArrayList<>();
            for (long operation = before; operation < whole.operations(); operation++) {
                MemoryStorage crashing = new MemoryStorage();
                CommitLog log = filled(crashing);
                List<String> old = Batches.read(log, 6);
                crashing.crashAt(operation);
                assertThat(catchThrowableOfType(StorageException.class, () -> log.resetTo(offset)))
                        .hasMessageContaining("crashed");

                MemoryStorage found = crashing.afterCrash(survival, operation);
                try (CommitLog again = CommitLog.open(found, CONFIG)) {
                    ends.add(again.endOffset());
                    if (again.endOffset() == 40) {
                        assertThat(Batches.read(again, 6)).isEqualTo(old);
                        assertThat(again.epoch()).isEqualTo(1);
                    } else {
                        assertThat(again.startOffset()).isEqualTo(offset);
                        assertThat(again.endOffset()).isEqualTo(offset);
                        assertThat(again.epoch()).isEqualTo(-1);
                        assertThat(again.cursor("late")).isEqualTo(Math.min(30, offset));
                    }
                    assertThat(again.append(Batches.batch("next", 1), 7)).isEqualTo(again.endOffset() - 1);
                }
            }
            assertThat(ends).contains(40L, offset).isSubsetOf(40L, offset);
        }
    }

    @Test
    void shouldTellReadersButLetThemFinishWhatTheyHold() {
        try (CommitLog log = filled(storage)) {
            LogReader reader = log.readerAt(10);
            assertThat(reader.next()).isTrue();
            LogSlice slice = log.slice(10, 40, 1000);

            log.resetTo(12);
            log.append(Batches.batch("new", 4), 3);

            assertThat(slice.read().remaining()).isEqualTo(slice.sizeBytes());
            slice.close();
            assertThat(reader.next()).as("rest of the batch that was read").isTrue();
            assertThat(reader.next()).isTrue();
            assertThat(Batches.text(reader.record().value())).isEqualTo("new0");
            assertThatExceptionOfType(OffsetOutOfRangeException.class).isThrownBy(() -> log.readerAt(10));
        }
        try (CommitLog log = CommitLog.open(storage, CONFIG);
                LogReader reader = log.readerAt(14)) {
            assertThat(reader.next()).isTrue();
            log.resetTo(100);
            reader.next();
            assertThatExceptionOfType(OffsetOutOfRangeException.class)
                    .isThrownBy(reader::next)
                    .withMessageContaining("startOffset=100");
        }
    }

    @Test
    void shouldTellThoseWhoWaitForDurability() {
        try (CommitLog log = filled(storage)) {
            log.append(Batches.batch("a", 1), 1);
            CompletableFuture<Long> durable = log.whenDurable(41);

            log.resetTo(50);

            assertThat(durable).isCompletedExceptionally();
            assertThat(log.whenDurable(50)).isCompletedWithValue(50L);
        }
    }

    @Test
    void shouldVoidACompactionThatIsUnderWay() {
        LogConfig config = LogConfig.builder()
                .segmentBytes(300)
                .compaction(CompactionPolicy.defaults())
                .build();
        try (CommitLog log = CommitLog.open(storage, config)) {
            Job compaction = log.compaction(CompactionOwner.NONE);
            for (int i = 0; i < 20; i++) {
                log.append(new BatchBuilder().add(1000, Batches.bytes("k" + i % 3), Batches.bytes("v" + i), List.of()));
            }
            log.flush();
            compaction.doWork();
            assertThat(log.isCompacting()).isTrue();

            log.resetTo(5);
            for (int i = 0; i < 50; i++) {
                compaction.doWork();
            }

            assertThat(log.compactedOffset()).isZero();
            assertThat(log.compactionStopReason()).isEmpty();
            assertThat(log.endOffset()).isEqualTo(5);
        }
    }

    @Test
    void shouldLeaveTheLogAsItIsWhenTheOffsetIsNone() {
        try (CommitLog log = filled(storage)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> log.resetTo(-1))
                    .withMessageContaining("offset=-1");
            assertThatIllegalArgumentException().isThrownBy(() -> log.resetTo(LogReset.LARGEST_OFFSET + 1));

            assertThat(log.endOffset()).isEqualTo(40);
            log.resetTo(LogReset.LARGEST_OFFSET);
        }
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(log.startOffset()).isEqualTo(LogReset.LARGEST_OFFSET);
        }
    }

    @Test
    void shouldFindRoomOnAFullDisk() {
        try (CommitLog log = filled(storage)) {
            storage.capacityBytes(usedBytes());
            assertThatExceptionOfType(OutOfSpaceException.class)
                    .isThrownBy(() -> log.append(Batches.batch("none", 1), 1));

            log.resetTo(70);

            assertThat(log.isFailed()).isFalse();
            assertThat(log.startOffset()).isEqualTo(70);
        }
    }

    private long usedBytes() {
        long bytes = 0;
        for (String name : storage.names()) {
            try (StorageFile file = storage.open(name)) {
                bytes += file.sizeBytes();
            }
        }
        return bytes;
    }
}
