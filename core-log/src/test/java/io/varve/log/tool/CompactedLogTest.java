// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import io.varve.log.CommitLog;
import io.varve.log.CorruptLogException;
import io.varve.log.LogConfig;
import io.varve.log.LogDirectory;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.compact.CompactionPolicy;
import io.varve.log.compact.LatestRecords;
import io.varve.log.job.Job;
import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.MemoryStorage.Survival;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import io.varve.log.tool.Finding.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tools know what compaction leaves, and what it must not have left. */
class CompactedLogTest {

    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(400)
            .indexIntervalBytes(100)
            .reserveBytes(0)
            .compaction(CompactionPolicy.builder()
                    .minDirtyRatio(0)
                    .memoryBytes(LatestRecords.SMALLEST_MEMORY_BYTES)
                    .build())
            .build();

    private final List<Finding> findings = new ArrayList<>();

    @TempDir
    private Path directory;

    @Test
    void shouldFindNothingInACompactedLog() {
        MemoryStorage storage = new MemoryStorage();
        compactedLog(storage);

        Verification result = verify(storage, Set.of(LogVerifier.Option.RECORDS));

        assertThat(findings).isEmpty();
        assertThat(result.records()).isLessThan(40);
        assertThat(result.endOffset()).isEqualTo(60);
        assertThat(LogDirectory.of(storage).gapsEndOffset().orElseThrow()).isBetween(30L, 40L);
    }

    @Test
    void shouldNotTakeALostBatchForACompactedOne() {
        MemoryStorage storage = new MemoryStorage();
        compactedLog(storage);
        LogDirectory log = LogDirectory.of(storage);
        List<Long> bases = log.baseOffsets();
        long lost = bases.get(bases.size() - 2);
        assertThat(lost).isGreaterThan(log.gapsEndOffset().orElseThrow());
        storage.delete(LogDirectory.logName(lost));

        assertThat(verify(storage, Set.of()).isSound()).isFalse();
        assertThat(findings).extracting(Finding::kind).contains(Kind.GAP);
    }

    @Test
    void shouldAskForAnOptionWhereTheLogSaysNothing() {
        MemoryStorage storage = new MemoryStorage();
        compactedLog(storage);
        storage.delete("compacted");

        assertThat(verify(storage, Set.of()).isSound()).isFalse();
        assertThat(findings).extracting(Finding::kind).containsOnly(Kind.GAP);
        assertThat(verify(storage, EnumSet.of(LogVerifier.Option.COMPACTED)).isSound())
                .isTrue();
        assertThat(LogDirectory.of(storage).gapsEndOffset()).isEmpty();
    }

    @Test
    void shouldVerifyWhatOpeningFindsWhereverCompactionIsInterrupted() {
        MemoryStorage whole = new MemoryStorage();
        filledLog(whole);
        long first = whole.operations();
        compact(whole);
        EnumSet<Kind> kinds = EnumSet.noneOf(Kind.class);
        for (long operation = first; operation < whole.operations(); operation++) {
            MemoryStorage storage = new MemoryStorage();
            filledLog(storage);
            storage.crashAt(operation);
            try {
                compact(storage);
            } catch (RuntimeException e) {
                assertThat(e).hasStackTraceContaining("crashed");
            }
            MemoryStorage left = storage.afterCrash(Survival.PROCESS_DEATH, operation);

            Verification verification = verify(left, Set.of());
            findings.forEach(finding -> kinds.add(finding.kind()));
            List<Finding> before = List.copyOf(findings);
            LogStatistics statistics = LogStatistics.of(left, false);
            CommitLog.open(left, CONFIG).close();
            Verification opened = verify(left, Set.of());

            assertThat(verification.isSound())
                    .as("operation %d: %s", operation, before)
                    .isTrue();
            assertThat(verification.records()).isEqualTo(opened.records());
            assertThat(verification.endOffset()).isEqualTo(opened.endOffset());
            assertThat(statistics.records()).isEqualTo(opened.records());
            assertThat(findings).as("operation %d", operation).isEmpty();
        }
        assertThat(kinds).contains(Kind.SWAP).doesNotContain(Kind.FOREIGN);
    }

    @Test
    void shouldKnowTheFilesOfKeysOfACompactionUnderWay() {
        MemoryStorage storage = new MemoryStorage();
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            for (int i = 0; i < 100; i++) {
                BatchBuilder batch = new BatchBuilder();
                for (int record = 0; record < 20; record++) {
                    batch.add(bytes("key " + i + " " + record), bytes("value"));
                }
                log.append(batch);
            }
            log.flush();
            Job job = log.compaction(CompactionOwner.NONE);
            while (storage.names().stream().noneMatch(name -> name.endsWith(".spill"))) {
                assertThat(job.doWork())
                        .as("work before there is a file of keys")
                        .isPositive();
            }

            assertThat(LogDirectory.of(storage).foreign()).isEmpty();
            assertThat(verify(storage, EnumSet.of(LogVerifier.Option.IN_USE)).isSound())
                    .isTrue();
        }
    }

    @Test
    void shouldRepairTheStateOfTheCompaction() {
        Storage storage = ChannelStorage.open(directory);
        compactedLog(storage);
        try (StorageFile file = storage.open("compacted")) {
            file.write(bytes("1"), 2);
        }
        assertThat(verify(storage, Set.of()).isSound()).isFalse();
        assertThat(findings)
                .extracting(Finding::kind, Finding::file)
                .containsExactly(tuple(Kind.SMALL_FILE, "compacted"));
        assertThatExceptionOfType(CorruptLogException.class)
                .isThrownBy(() -> LogDirectory.of(storage).gapsEndOffset())
                .withMessageContaining("compacted");

        LogRepair.Outcome rehearsed = LogRepair.rehearse(directory, Set.of());
        LogRepair.Outcome outcome = LogRepair.repair(directory, Set.of());

        assertThat(outcome).isEqualTo(rehearsed);
        assertThat(outcome.putAside()).containsExactly("compacted.0.quarantine");
        assertThat(outcome.isSound()).isTrue();
        assertThat(LogDirectory.of(storage).gapsEndOffset()).hasValue(Long.MAX_VALUE);
    }

    private Verification verify(Storage storage, Set<LogVerifier.Option> options) {
        findings.clear();
        return LogVerifier.verify(storage, options, findings::add);
    }

    /** Compacted up to about offset 40, and with segments behind that are not; closed. */
    private static void compactedLog(Storage storage) {
        filledLog(storage);
        compact(storage);
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            append(log, 20);
        }
    }

    /** Segments in which a few keys come again and again; closed. */
    private static void filledLog(Storage storage) {
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            append(log, 40);
        }
    }

    private static void append(CommitLog log, int records) {
        for (int i = 0; i < records; i++) {
            log.append(new BatchBuilder().add(bytes("k" + i % 7 % 3), bytes("value " + i)));
        }
    }

    private static void compact(Storage storage) {
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            Job job = log.compaction(CompactionOwner.NONE);
            while (job.doWork() > 0) {
                // Until nothing is due.
            }
        }
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
