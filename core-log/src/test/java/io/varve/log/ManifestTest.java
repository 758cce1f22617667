// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.MemoryStorage.Survival;
import io.varve.log.storage.StorageException;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Logs of which opening looks at the last segment only; every batch has two records, every segment two batches. */
class ManifestTest {

    private static final String MANIFEST = "manifest";
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(190)
            .indexIntervalBytes(1)
            .reserveBytes(0)
            .build();

    private final MemoryStorage storage = new MemoryStorage();

    private static CommitLog filled(MemoryStorage storage, int segments) {
        CommitLog log = CommitLog.open(storage, CONFIG);
        while (log.segmentCount() < segments) {
            append(log);
        }
        log.sealRolled();
        return log;
    }

    private static void append(CommitLog log) {
        log.append(Batches.batch("v" + log.endOffset() + "-", 2), Math.max(0, log.epoch()));
    }

    private static String logFile(long baseOffset) {
        return LogFiles.segment(baseOffset, LogFiles.LOG);
    }

    private static List<String> expected(long from, long to) {
        List<String> expected = new ArrayList<>();
        for (long offset = from; offset < to; offset++) {
            expected.add(offset + ":v" + (offset & ~1) + "-" + (offset & 1));
        }
        return expected;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldDoAsMuchToOpenALogOfAnyLength(boolean clean) {
        List<Long> calls = new ArrayList<>();
        for (int segments : new int[] {3, 100}) {
            MemoryStorage original = new MemoryStorage();
            CommitLog log = filled(original, segments);
            if (clean) {
                log.close();
            }
            FaultyStorage counted = new FaultyStorage(original.afterCrash(Survival.PROCESS_DEATH, 0));
            CommitLog opened = CommitLog.open(counted, CONFIG);
            calls.add(counted.calls());

            assertThat(opened.segmentCount()).isEqualTo(segments);
            assertThat(opened.recoveryReport().wasClean()).isEqualTo(clean);
            assertThat(opened.sizeBytes()).isEqualTo(log.sizeBytes());
            assertThat(Batches.read(opened, 0)).isEqualTo(expected(0, 4 * segments - 2));
        }
        assertThat(calls.get(1)).isEqualTo(calls.get(0));
    }

    @Test
    void shouldOpenAsWellWithAManifestThatIsDamaged() {
        filled(storage, 5).close();
        for (long position = 0; position < sizeBytes(MANIFEST); position++) {
            for (int bit = 0; bit < 8; bit++) {
                MemoryStorage damaged = storage.afterCrash(Survival.PROCESS_DEATH, 0);
                damaged.flipBit(MANIFEST, position, bit);
                try (CommitLog log = CommitLog.open(damaged, CONFIG)) {
                    assertThat(log.recoveryReport()).isEqualTo(report());
                    assertThat(Batches.read(log, 0)).as("position=%d", position).isEqualTo(expected(0, 18));
                    assertThat(LogDirectory.of(damaged).manifest()).containsOnlyKeys(0L, 4L, 8L, 12L);
                }
            }
        }
    }

    private static RecoveryReport report() {
        return new RecoveryReport(true, 0, 0, 0, List.of(), List.of());
    }

    @ParameterizedTest
    @ValueSource(ints = {-7, 7})
    void shouldServeNothingOfASegmentWhoseFileSomebodyHasChanged(int growth) {
        filled(storage, 5).close();
        long sizeBytes = sizeBytes(logFile(4));
        try (StorageFile file = storage.open(logFile(4))) {
            if (growth < 0) {
                file.truncate(sizeBytes + growth);
            } else {
                file.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7}), sizeBytes);
            }
        }

        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(log.recoveryReport()).isEqualTo(report());
            assertThatExceptionOfType(CorruptLogException.class)
                    .isThrownBy(() -> Batches.read(log, 4))
                    .withMessageContaining(logFile(4))
                    .withMessageContaining("open it again");
            assertThatExceptionOfType(CorruptLogException.class).isThrownBy(() -> log.slice(5, 18, 1000));
            assertThatExceptionOfType(CorruptLogException.class).isThrownBy(() -> log.truncateTo(6));
            assertThat(log.endOffset()).isEqualTo(18);
            assertThat(Batches.read(log, 8)).isEqualTo(expected(8, 18));
            append(log);
        }
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            long cutBytes = growth < 0 ? sizeBytes / 2 + growth : growth;
            assertThat(log.recoveryReport().truncatedBytes()).isEqualTo(cutBytes);
            assertThat(Batches.read(log, 4).subList(0, 2)).isEqualTo(expected(4, 6));
            assertThat(Batches.read(log, 8)).isEqualTo(expected(8, 20));
        }
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(log.recoveryReport()).isEqualTo(report());
        }
    }

    @Test
    void shouldLookAtEverySegmentWhenTheEpochsAreLookedFor() {
        filled(storage, 5).close();
        try (StorageFile file = storage.open(logFile(4))) {
            file.truncate(file.sizeBytes() / 2 + 70);
        }
        storage.delete("leader-epoch-checkpoint");

        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(log.recoveryReport().truncatedBytes()).isEqualTo(70);
            assertThat(log.epoch()).isZero();
            assertThat(Batches.read(log, 4)).isEqualTo(concat(expected(4, 6), expected(8, 18)));
        }
    }

    /** A file of another log lies behind the last of this one, which is active then although the manifest lists it. */
    @Test
    void shouldNotBelieveTheSegmentInFrontOfAForeignOne() {
        filled(storage, 5).close();
        storage.delete(logFile(16));
        try (StorageFile foreign = storage.open(logFile(13))) {
            foreign.write(ByteBuffer.wrap(new byte[100]), 0);
        }

        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(log.recoveryReport().quarantined()).containsExactly(logFile(13) + ".quarantine");
            assertThat(log.endOffset()).isEqualTo(16);
            append(log);
            assertThat(LogDirectory.of(storage).manifest()).containsOnlyKeys(0L, 4L, 8L);
        }
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(Batches.read(log, 0)).isEqualTo(expected(0, 18));
        }
    }

    @Test
    void shouldReportASegmentThatIsMissingOnce() {
        filled(storage, 5).close();
        storage.delete(logFile(8));

        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(log.recoveryReport().damaged()).singleElement().satisfies(damage -> {
                assertThat(damage.file()).isEqualTo(logFile(8));
                assertThat(damage.reason()).contains("missing", "endOffset=12");
            });
            assertThat(Batches.read(log, 6)).isEqualTo(concat(expected(6, 8), expected(12, 18)));
        }
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(log.recoveryReport()).isEqualTo(report());
        }
    }

    private static List<String> concat(List<String> first, List<String> second) {
        List<String> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    @Test
    void shouldNotMissWhatWasDeleted() {
        try (CommitLog log = filled(storage, 5)) {
            log.deleteBefore(9);
        }
        assertThat(LogDirectory.of(storage).manifest()).containsKey(0L);

        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            assertThat(log.recoveryReport()).isEqualTo(report());
            assertThat(log.startOffset()).isEqualTo(9);
            assertThat(LogDirectory.of(storage).manifest()).containsOnlyKeys(8L, 12L);
        }
    }

    /** The last segment that is there was sealed; it becomes active, and what the manifest said of it is no longer so. */
    @Test
    void shouldNotBelieveWhatItSaysOfTheLastSegment() {
        filled(storage, 5).close();
        storage.delete(logFile(16));
        try (CommitLog log = CommitLog.open(storage, LogConfig.defaults())) {
            assertThat(log.endOffset()).isEqualTo(16);
            append(log);
            append(log);
        }
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            append(log);
            log.sealRolled();
        }
        storage.delete(logFile(20));

        try (CommitLog log = CommitLog.open(storage.afterCrash(Survival.PROCESS_DEATH, 0), CONFIG)) {
            assertThat(Batches.read(log, 0)).isEqualTo(expected(0, 20));
        }
    }

    @ParameterizedTest
    @EnumSource(Survival.class)
    void shouldNeverSpeakOfASegmentThatATruncationHasReplaced(Survival survival) {
        MemoryStorage whole = new MemoryStorage();
        CommitLog counted = filled(whole, 5);
        long first = whole.operations();
        replaceTheEnd(counted);
        int replaced = 0;
        for (long operation = first; operation < whole.operations(); operation++) {
            MemoryStorage crashing = new MemoryStorage();
            CommitLog log = filled(crashing, 5);
            log.flush();
            crashing.crashAt(operation);
            assertThat(catchThrowableOfType(StorageException.class, () -> replaceTheEnd(log)))
                    .hasMessageContaining("crashed");
            for (long seed = 0; seed < 4; seed++) {
                try (CommitLog again = CommitLog.open(crashing.afterCrash(survival, seed), CONFIG)) {
                    assertThat(again.recoveryReport().damaged()).isEmpty();
                    List<String> found = Batches.read(again, 0);
                    int kept = Math.min(found.size(), 6);
                    assertThat(found.subList(0, kept)).isEqualTo(expected(0, kept));
                    assertThat(kept).isEqualTo(6);
                    boolean old = found.size() > 6 && found.get(6).endsWith("v6-0");
                    if (old) {
                        assertThat(found).isEqualTo(expected(0, found.size()));
                    } else {
                        replaced++;
                        for (int i = 6; i < found.size(); i++) {
                            assertThat(found.get(i)).startsWith(i + ":new-");
                        }
                    }
                }
            }
        }
        assertThat(replaced).isPositive();
        assertThat(LogDirectory.of(whole).manifest()).containsKeys(0L, 4L, 8L, 10L, 12L);
    }

    /** Other batches, so that segments with the same names have other lengths and ends. */
    private static void replaceTheEnd(CommitLog log) {
        log.truncateTo(6);
        log.append(Batches.batch("new-", 2), 1);
        for (int i = 0; i < 9; i++) {
            log.append(Batches.batch("new-", 1), 1);
            log.sealRolled();
        }
    }

    private long sizeBytes(String name) {
        try (StorageFile file = storage.open(name)) {
            return file.sizeBytes();
        }
    }
}
