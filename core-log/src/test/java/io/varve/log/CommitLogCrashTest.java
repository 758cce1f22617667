// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.MemoryStorage.Survival;
import io.varve.log.storage.StorageException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Crashes a log at every operation of its storage, and looks at what the next opening finds. */
class CommitLogCrashTest {

    private static final LogConfig CONFIG =
            LogConfig.builder().segmentBytes(600).indexIntervalBytes(100).build();

    private final List<String> appended = new ArrayList<>();
    private long flushedOffset;
    private long startOffset;

    @ParameterizedTest
    @EnumSource(Survival.class)
    void shouldKeepWhatWasPromisedWhereverItCrashes(Survival survival) {
        MemoryStorage whole = new MemoryStorage();
        workload(whole);
        for (long operation = 0; operation < whole.operations(); operation++) {
            MemoryStorage storage = new MemoryStorage();
            storage.crashAt(operation);
            workload(storage);
            for (long seed = 0; seed < 3; seed++) {
                check(storage.afterCrash(survival, seed), survival, operation);
            }
        }
    }

    /** Appends, flushes, deletes and closes; ends where the storage crashes. */
    private void workload(MemoryStorage storage) {
        appended.clear();
        flushedOffset = 0;
        startOffset = 0;
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            for (int i = 0; i < 24; i++) {
                long offset = log.append(Batches.batch("v" + i + "-", 2), i / 5);
                appended.add(offset + ":v" + i + "-0");
                appended.add((offset + 1) + ":v" + i + "-1");
                if (i % 4 == 3) {
                    flushedOffset = log.flush();
                }
                if (i == 15) {
                    startOffset = 11;
                    log.deleteBefore(11);
                }
            }
        } catch (StorageException e) {
            assertThat(e).hasMessageContaining("crashed");
        }
    }

    private void check(MemoryStorage storage, Survival survival, long operation) {
        String where = survival + " at operation " + operation;
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(log.recoveryReport().damaged()).as(where).isEmpty();
            List<String> found = Batches.read(log, log.startOffset());
            long kept = survival == Survival.PROCESS_DEATH ? appended.size() : flushedOffset;
            assertThat(log.endOffset()).as("end, %s", where).isGreaterThanOrEqualTo(kept);
            // A crash inside an append may leave the batch that was not acknowledged.
            long known = Math.min(log.endOffset(), appended.size());
            assertThat(log.endOffset()).as("end, %s", where).isLessThanOrEqualTo(appended.size() + 2);
            assertThat(log.startOffset()).as("start, %s", where).isIn(0L, startOffset);
            assertThat(found.subList(0, (int) (known - log.startOffset())))
                    .as(where)
                    .isEqualTo(appended.subList((int) log.startOffset(), (int) known));

            long next = log.append(Batches.batch("after", 1), 9);
            assertThat(next).as(where).isEqualTo(log.endOffset() - 1);
            assertThat(Batches.read(log, next)).as(where).containsExactly(next + ":after0");
        }
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(log.recoveryReport().wasClean()).as(where).isTrue();
            assertThat(log.epoch()).isEqualTo(9);
        }
    }

    @Test
    void shouldRefuseEverythingAfterAFlushFailed() {
        MemoryStorage storage = new MemoryStorage();
        CommitLog log = CommitLog.open(storage, CONFIG);
        log.append(Batches.batch("a", 1), 0);
        storage.forceFails(true);

        assertThat(failure(log::flush)).hasMessageContaining("force failed");
        storage.forceFails(false);

        assertThat(log.isFailed()).isTrue();
        assertThat(failure(log::flush)).hasMessageContaining("must be opened again");
        assertThat(failure(() -> log.append(Batches.batch("b", 1), 0))).hasMessageContaining("must be opened again");
        assertThat(Batches.read(log, 0)).containsExactly("0:a0");
        log.close();
    }

    @Test
    void shouldGoOnWhenAFullDiskHasSpaceAgain() {
        MemoryStorage storage = new MemoryStorage();
        try (CommitLog log = CommitLog.open(storage, LogConfig.defaults())) {
            log.append(Batches.batch("a", 1), 0);
            storage.capacityBytes(150);
            assertThat(failure(() -> log.append(Batches.batch("b", 5), 0)))
                    .isInstanceOf(io.varve.log.storage.OutOfSpaceException.class);
            assertThat(log.endOffset()).isEqualTo(1);
            storage.capacityBytes(Long.MAX_VALUE);

            assertThat(log.append(Batches.batch("c", 1), 0)).isEqualTo(1);

            assertThat(Batches.read(log, 0)).containsExactly("0:a0", "1:c0");
        }
    }

    private static Throwable failure(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return org.assertj.core.api.Assertions.catchThrowableOfType(StorageException.class, call);
    }
}
