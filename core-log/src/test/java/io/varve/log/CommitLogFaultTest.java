// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.job.Job;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.StorageException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Lets every single call of the storage fail once, in every scenario: the error is clean, nothing that was acknowledged is lost or
 * changed, no file stays open, and the log opens again and goes on.
 */
class CommitLogFaultTest {

    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(600)
            .indexIntervalBytes(100)
            .recoveryBytes(400)
            .retention(RetentionPolicy.keepBytes(1000))
            .retentionCheck(Duration.ofMillis(1))
            .build();

    /** What happens while a call fails. */
    private enum Scenario {
        APPEND(FaultyLog::append),
        ROLL(log -> {
            for (int i = 0; i < 12; i++) {
                log.append();
            }
        }),
        FLUSH(log -> {
            log.append();
            log.open().flush();
        }),
        READ(log -> {
            log.open().rest();
            log.open().rest();
            assertThat(log.values(0)).isEqualTo(log.appended);
            assertThat(log.open().firstAtOrAfter(1000)).isPresent();
            assertThat(log.open().maxTimestamp()).isPresent();
        }),
        RETENTION(log -> {
            log.mayDelete = true;
            log.open().applyRetention(5000);
        }),
        TRUNCATE(log -> {
            log.keptBelow = 6;
            log.open().truncateTo(6);
        }),
        RECOVERY(FaultyLog::die, FaultyLog::reopen),
        CURSOR_COMMIT(log -> {
            log.cursorAt = 7;
            log.open().commitCursor("c", 7);
            log.open().commitCursor("d", 1);
            log.open().deleteCursor("d");
        }),
        UPKEEP(log -> {
            log.mayDelete = true;
            Job upkeep = log.open().upkeep();
            for (int i = 0; i < 20; i++) {
                upkeep.doWork();
            }
        }),
        DELETE(log -> {
            log.mayDelete = true;
            log.open().deleteBefore(15);
        }),
        RESET_INSIDE(log -> log.reset(15)),
        RESET_BEYOND(log -> log.reset(100)),
        RECOVERY_OF_A_RESET(
                log -> {
                    log.reset(15);
                    log.die();
                    // As if it had died in the middle.
                    log.memory.open("00000000000000000100.reset").close();
                    log.resetAt = 100;
                },
                FaultyLog::reopen),
        CLOSE(FaultyLog::close),
        OPEN(FaultyLog::close, FaultyLog::reopen);

        private final Consumer<FaultyLog> before;
        private final Consumer<FaultyLog> steps;

        Scenario(Consumer<FaultyLog> steps) {
            this(log -> {}, steps);
        }

        Scenario(Consumer<FaultyLog> before, Consumer<FaultyLog> steps) {
            this.before = before;
            this.steps = steps;
        }
    }

    @ParameterizedTest
    @EnumSource(Scenario.class)
    void shouldLoseNothingWhicheverCallFails(Scenario scenario) {
        long call = 0;
        while (failsCleanly(scenario, call)) {
            call++;
        }
        assertThat(call).isPositive();
    }

    /** Whether the scenario has so many calls that this one failed. */
    private static boolean failsCleanly(Scenario scenario, long call) {
        String where = scenario + " without its call " + call;
        FaultyLog log = new FaultyLog();
        scenario.before.accept(log);
        log.storage.failAfter(call);
        try {
            scenario.steps.accept(log);
        } catch (StorageException e) {
            assertThat(e).as(where).hasMessageContaining("made to fail");
        }
        boolean failed = log.storage.heal();
        if (log.isUsable()) {
            log.check(where);
            log.append();
            log.check(where + ", after one more");
        }
        log.close();
        assertThat(log.storage.openFiles()).as("open files, %s", where).isEmpty();

        log.reopen();
        assertThat(log.open().recoveryReport().damaged()).as(where).isEmpty();
        assertThat(log.open().recoveryReport().quarantined()).as(where).isEmpty();
        log.check(where + ", opened again");
        log.append();
        log.check(where + ", opened again, after one more");
        log.close();
        assertThat(log.storage.openFiles()).as("open files, %s", where).isEmpty();
        return failed;
    }

    /** A log of several segments, and what must be true of it. */
    private static final class FaultyLog {

        private final List<String> appended = new ArrayList<>();
        private MemoryStorage memory = new MemoryStorage();
        private FaultyStorage storage = new FaultyStorage(memory);
        private @Nullable CommitLog log;
        private List<String> unanswered = List.of();
        private int batches;
        private boolean mayDelete;
        private long keptBelow = Long.MAX_VALUE;
        private long cursorAt = 3;
        private long resetAt = -1;

        FaultyLog() {
            reopen();
            for (int i = 0; i < 20; i++) {
                append();
            }
            open().flush();
            for (int i = 0; i < 3; i++) {
                append();
            }
            open().commitCursor("c", 3);
        }

        CommitLog open() {
            return requireNonNull(log);
        }

        boolean isUsable() {
            return log != null && !log.isFailed();
        }

        void reopen() {
            log = CommitLog.open(storage, CONFIG);
        }

        /** Closes it; an error says what failed, and it is closed all the same. */
        void close() {
            CommitLog closing = log;
            log = null;
            if (closing != null) {
                try {
                    closing.close();
                } catch (StorageException e) {
                    assertThat(e).hasMessageMatching("made to fail.*|.*must be opened again.*");
                }
            }
        }

        /** Leaves it as a process that died does. */
        void die() {
            memory = memory.afterCrash(MemoryStorage.Survival.PROCESS_DEATH, 0);
            storage = new FaultyStorage(memory);
            log = null;
        }

        void reset(long offset) {
            resetAt = offset;
            open().resetTo(offset);
        }

        void append() {
            String value = "v" + batches++ + "-";
            unanswered = List.of(value + "0", value + "1");
            open().append(Batches.batch(value, 2), 0);
            appended.addAll(unanswered);
            unanswered = List.of();
        }

        void check(String where) {
            CommitLog current = open();
            long start = current.startOffset();
            long end = current.endOffset();
            if (resetAt >= 0 && start == resetAt) {
                // All is gone; what stands in the list of the values by offset before the start is never looked at.
                resetAt = -1;
                mayDelete = true;
                appended.clear();
                appended.addAll(Collections.nCopies((int) end, ""));
                assertThat(end).as("end, %s", where).isEqualTo(start);
            }
            if (end > appended.size()) {
                // An append that failed may have happened.
                appended.addAll(unanswered);
            }
            unanswered = List.of();
            if (end >= keptBelow && end < appended.size()) {
                // A truncation that failed may have got anywhere.
                appended.subList((int) end, appended.size()).clear();
            }
            assertThat(start).as("start, %s", where).isBetween(0L, mayDelete ? end : 0L);
            assertThat(values(start)).as(where).isEqualTo(appended.subList((int) start, appended.size()));
            assertThat(current.cursor("c")).as("cursor, %s", where).isIn(3L, cursorAt);
        }

        List<String> values(long from) {
            return Batches.read(open(), from).stream()
                    .map(record -> record.substring(record.indexOf(':') + 1))
                    .toList();
        }
    }
}
