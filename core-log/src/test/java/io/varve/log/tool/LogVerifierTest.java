// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.LogDirectory;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.Compression;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.MemoryStorage.Survival;
import io.varve.log.storage.StorageException;
import io.varve.log.storage.StorageFile;
import io.varve.log.tool.Finding.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logs with every kind of damage, and sound ones. */
class LogVerifierTest {

    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(600)
            .indexIntervalBytes(100)
            .reserveBytes(0)
            .build();

    private final List<Finding> findings = new ArrayList<>();

    @Test
    void shouldFindNothingInAClosedLog() {
        Verification result = verify(closedLog());

        assertThat(findings).isEmpty();
        assertThat(result.isSound()).isTrue();
        assertThat(result.segments()).isGreaterThan(2);
        assertThat(result.batches()).isEqualTo(12);
        assertThat(result.records()).isEqualTo(24);
        assertThat(result.startOffset()).isZero();
        assertThat(result.endOffset()).isEqualTo(24);
    }

    @Test
    void shouldFindEveryFlippedBitOfTheManifest() {
        MemoryStorage sound = closedLog();
        for (long position = 0; position < sizeOf(sound, "manifest"); position++) {
            MemoryStorage damaged = sound.afterCrash(Survival.PROCESS_DEATH, 0);
            damaged.flipBit("manifest", position, (int) position % 8);

            verify(damaged);

            assertThat(findings).singleElement().satisfies(finding -> {
                assertThat(finding.kind()).isEqualTo(Kind.SMALL_FILE);
                assertThat(finding.file()).isEqualTo("manifest");
            });
        }
    }

    @Test
    void shouldFindWhereTheManifestDisagrees() {
        MemoryStorage storage = closedLog();
        List<Long> listed = List.copyOf(LogDirectory.of(storage).manifest().keySet());
        String cutOff = LogDirectory.logName(listed.get(0));
        String missing = LogDirectory.logName(listed.get(1));
        try (StorageFile file = storage.open(cutOff)) {
            file.truncate(file.sizeBytes() - 1);
        }
        storage.delete(missing);

        verify(storage);

        assertThat(findings)
                .anyMatch(finding -> finding.kind() == Kind.SMALL_FILE
                        && finding.file().equals("manifest")
                        && finding.detail().contains(cutOff));
        assertThat(findings)
                .anyMatch(
                        finding -> finding.kind() == Kind.GAP && finding.file().equals(missing));
    }

    @Test
    void shouldVerifyWhatOpeningMakesOfAResetThatWasInterrupted() {
        MemoryStorage whole = openLog();
        CommitLog counted = CommitLog.open(whole, CONFIG);
        long first = whole.operations();
        counted.resetTo(7);
        EnumSet<Kind> kinds = EnumSet.noneOf(Kind.class);
        for (long operation = first; operation < whole.operations(); operation++) {
            MemoryStorage storage = openLog();
            CommitLog crashing = CommitLog.open(storage, CONFIG);
            storage.crashAt(operation);
            assertThatExceptionOfType(StorageException.class).isThrownBy(() -> crashing.resetTo(7));
            MemoryStorage left = storage.afterCrash(Survival.PROCESS_DEATH, operation);

            Verification verification = verify(left);
            findings.forEach(finding -> kinds.add(finding.kind()));

            assertThat(verification.isSound())
                    .as("operation=%d: %s", operation, findings)
                    .isTrue();
            try (CommitLog log = CommitLog.open(left, CONFIG)) {
                assertThat(verification.startOffset()).isEqualTo(log.startOffset());
                assertThat(verification.endOffset()).isEqualTo(log.endOffset());
            }
        }
        assertThat(kinds).contains(Kind.RESET).doesNotContain(Kind.FOREIGN);
    }

    /** A log that its process has left. */
    private static MemoryStorage openLog() {
        MemoryStorage storage = new MemoryStorage();
        fill(CommitLog.open(storage, CONFIG));
        return storage.afterCrash(Survival.PROCESS_DEATH, 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {".log", ".vidx", ".index", ".timeindex"})
    void shouldFindEveryFlippedBit(String suffix) {
        MemoryStorage sound = closedLog();
        int flips = 0;
        for (String name : sound.names()) {
            for (long position = 0; name.endsWith(suffix) && position < sizeOf(sound, name); position++) {
                for (int bit = 0; bit < 8; bit++) {
                    MemoryStorage damaged = sound.afterCrash(Survival.PROCESS_DEATH, 0);
                    damaged.flipBit(name, position, bit);
                    Verification result = verify(damaged);
                    assertThat(result.isSound())
                            .as("file=%s, position=%d, bit=%d", name, position, bit)
                            .isFalse();
                    String stem = name.substring(0, name.indexOf('.'));
                    assertThat(findings).anyMatch(finding -> finding.file().startsWith(stem));
                    flips++;
                }
            }
        }
        assertThat(flips).isPositive();
    }

    /** A log that was not closed: what the index does not cover may be a torn write, but it never goes unsaid. */
    @Test
    void shouldFindEveryFlippedBitOfALogThatWasNotClosed() {
        MemoryStorage storage = new MemoryStorage();
        CommitLog log = CommitLog.open(storage, CONFIG);
        fill(log);
        MemoryStorage sound = storage.afterCrash(Survival.PROCESS_DEATH, 0);
        log.close();
        assertThat(verify(sound).isSound()).isTrue();
        assertThat(findings).extracting(Finding::kind).containsOnly(Kind.NOT_CLOSED, Kind.INDEX_ABSENT);
        long notes = findings.size();
        for (String name : sound.names()) {
            for (long position = 0; name.endsWith(".log") && position < sizeOf(sound, name); position++) {
                MemoryStorage damaged = sound.afterCrash(Survival.PROCESS_DEATH, 0);
                damaged.flipBit(name, position, (int) (position % 8));
                Verification result = verify(damaged);
                assertThat(result.damage() + result.notes())
                        .as("file=%s, position=%d", name, position)
                        .isGreaterThan(notes);
            }
        }
    }

    @Test
    void shouldTellATornTailFromDamage() {
        MemoryStorage storage = closedLog();
        storage.delete("clean-close");
        String last = lastSegment(storage);
        try (StorageFile file = storage.open(last)) {
            file.write(ByteBuffer.wrap(new byte[] {0, 0, 0, 0, 0, 0, 0, 24, 0, 0, 1, 7}), file.sizeBytes());
        }

        Verification result = verify(storage);

        assertThat(result.isSound()).isTrue();
        assertThat(findings).extracting(Finding::kind).containsExactly(Kind.NOT_CLOSED, Kind.TORN_TAIL);
        assertThat(verify(storage, Set.of(LogVerifier.Option.IN_USE)).isSound()).isTrue();
        assertThat(findings).extracting(Finding::kind).containsExactly(Kind.IN_USE);
    }

    @Test
    void shouldFindWhatIsMissing() {
        MemoryStorage middle = closedLog();
        middle.delete(middle.names().stream()
                .filter(name -> name.endsWith(".log"))
                .sorted()
                .toList()
                .get(1));
        assertThat(verify(middle).isSound()).isFalse();
        assertThat(findings).extracting(Finding::kind).contains(Kind.GAP);
        assertThat(verify(middle, EnumSet.of(LogVerifier.Option.COMPACTED)).isSound())
                .isFalse();
        middle.delete("manifest");
        assertThat(verify(middle, EnumSet.of(LogVerifier.Option.COMPACTED)).isSound())
                .as("offsets may be missing, and nothing tells that a file is")
                .isTrue();

        MemoryStorage end = closedLog();
        end.delete(lastSegment(end));
        assertThat(verify(end).isSound()).isFalse();
        assertThat(findings).extracting(Finding::file).contains("clean-close");

        MemoryStorage cut = closedLog();
        try (StorageFile file = cut.open(lastSegment(cut))) {
            file.truncate(file.sizeBytes() - 1);
        }
        assertThat(verify(cut).isSound()).isFalse();
        assertThat(findings).extracting(Finding::kind).contains(Kind.BATCH, Kind.INDEX);
    }

    @Test
    void shouldFindDamageInSmallFiles() {
        for (String name : List.of("leader-epoch-checkpoint", "cursors", "log-start-offset", "clean-close")) {
            MemoryStorage storage = closedLog();
            try (StorageFile file = storage.open(name)) {
                file.truncate(0);
                file.write(ByteBuffer.wrap("0\nx".getBytes(StandardCharsets.UTF_8)), 0);
            }
            assertThat(verify(storage).isSound()).as(name).isFalse();
            assertThat(findings).extracting(Finding::file).contains(name);
        }
    }

    @Test
    void shouldNameForeignAndQuarantinedFiles() {
        MemoryStorage storage = closedLog();
        storage.open("notes.txt").close();
        storage.open("00000000000000000000.log.17.quarantine").close();

        assertThat(verify(storage).isSound()).isTrue();
        assertThat(findings)
                .extracting(Finding::kind, Finding::file)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(Kind.QUARANTINED, "00000000000000000000.log.17.quarantine"),
                        org.assertj.core.groups.Tuple.tuple(Kind.FOREIGN, "notes.txt"));
    }

    @Test
    void shouldLookIntoTheBatchesWhenAsked() {
        MemoryStorage storage = new MemoryStorage();
        ByteBuffer batch = new BatchBuilder().add((byte[]) null, new byte[20]).build();
        batch.put(61, (byte) 2);
        batch.putInt(17, io.varve.log.batch.BatchDescriptor.computedCrc(batch, 0, batch.limit()));
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            log.append(batch, 1);
        }

        assertThat(verify(storage).isSound()).isTrue();
        assertThat(verify(storage, Set.of(LogVerifier.Option.RECORDS)).isSound())
                .isFalse();
        assertThat(findings).extracting(Finding::kind).containsExactly(Kind.RECORDS);
        assertThat(verify(closedLog(), Set.of(LogVerifier.Option.RECORDS)).isSound())
                .isTrue();
    }

    private Verification verify(MemoryStorage storage) {
        return verify(storage, Set.of());
    }

    private Verification verify(MemoryStorage storage, Set<LogVerifier.Option> options) {
        findings.clear();
        long operations = storage.operations();
        Verification result = LogVerifier.verify(storage, options, findings::add);
        assertThat(storage.operations()).as("operations that change something").isEqualTo(operations);
        return result;
    }

    /** Several segments and epochs, compressed and plain batches, cursors, a start offset; closed. */
    static MemoryStorage closedLog() {
        MemoryStorage storage = new MemoryStorage();
        try (CommitLog log = CommitLog.open(storage, CONFIG)) {
            fill(log);
            log.commitCursor("reader", 7);
            log.deleteBefore(0);
        }
        try (StorageFile file = storage.open("log-start-offset")) {
            file.write(ByteBuffer.wrap("0\n".getBytes(StandardCharsets.UTF_8)), 0);
        }
        return storage;
    }

    static void fill(CommitLog log) {
        for (int i = 0; i < 12; i++) {
            BatchBuilder batch = new BatchBuilder().compression(i % 3 == 0 ? Compression.GZIP : Compression.NONE);
            // Timestamps go back and forth: the largest is not always the last.
            long timestampMs = 1000 + (i * 7) % 12;
            batch.add(timestampMs, bytes("k" + i), bytes("value-" + i), List.of());
            batch.add(timestampMs + 1, null, bytes("another " + i), List.of());
            log.append(batch.build(), i / 4);
        }
    }

    static String lastSegment(MemoryStorage storage) {
        return storage.names().stream()
                .filter(name -> name.endsWith(".log"))
                .max(String::compareTo)
                .orElseThrow();
    }

    static long sizeOf(MemoryStorage storage, String name) {
        try (StorageFile file = storage.open(name)) {
            return file.sizeBytes();
        }
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
