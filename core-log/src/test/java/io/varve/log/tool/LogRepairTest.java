// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.storage.DirectoryInUseException;
import io.varve.log.storage.DirectoryLock;
import io.varve.log.storage.ReadOnlyStorage;
import io.varve.log.storage.StorageException;
import io.varve.log.tool.Finding.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged directories, before and after. */
class LogRepairTest {

    private static final String FIRST = "00000000000000000000";

    @TempDir
    private Path above;

    private Path directory;

    @BeforeEach
    void writeLog() {
        directory = above.resolve("orders-0");
        LogConfig config = LogConfig.builder()
                .segmentBytes(600)
                .indexIntervalBytes(100)
                .reserveBytes(0)
                .build();
        try (CommitLog log = CommitLog.open(directory, config)) {
            LogVerifierTest.fill(log);
        }
    }

    @Test
    void shouldMakeDamagedIndexesAnewAndKeepTheOldOnes() throws IOException {
        flip(FIRST + ".vidx", 30);
        flip(FIRST + ".timeindex", 3);

        LogRepair.Outcome outcome = LogRepair.repair(directory, Set.of());

        assertThat(outcome.before()).extracting(Finding::kind).contains(Kind.INDEX);
        assertThat(outcome.putAside()).containsExactly(FIRST + ".vidx.quarantine");
        assertThat(directory.resolve(FIRST + ".vidx.quarantine")).exists();
        assertThat(outcome.isSound()).isTrue();
        assertThat(verify().isSound()).isTrue();
    }

    @Test
    void shouldCopyATornTailBeforeItIsCutOff() throws IOException {
        Path last = lastSegment();
        byte[] whole = Files.readAllBytes(last);
        byte[] torn = {0, 0, 0, 0, 0, 0, 0, 24, 0, 0, 1, 7, 9};
        Files.write(last, torn, java.nio.file.StandardOpenOption.APPEND);
        Files.delete(directory.resolve("clean-close"));

        LogRepair.Outcome outcome = LogRepair.repair(directory, Set.of());

        assertThat(outcome.recovery().truncatedBytes()).isEqualTo(torn.length);
        assertThat(outcome.isSound()).isTrue();
        assertThat(last).hasBinaryContent(whole);
        assertThat(directory.resolve(last.getFileName() + "." + whole.length + ".quarantine"))
                .hasBinaryContent(torn);
    }

    @Test
    void shouldLeaveDamagedBatchesWhereTheyAreAndSaySo() throws IOException {
        flip(FIRST + ".log", 100);
        Map<String, List<Byte>> before = contents(".log");

        LogRepair.Outcome outcome = LogRepair.repair(directory, Set.of());

        assertThat(outcome.isSound()).isFalse();
        assertThat(outcome.after()).extracting(Finding::kind).contains(Kind.BATCH);
        assertThat(contents(".log")).isEqualTo(before);
    }

    @Test
    void shouldPutADamagedSmallFileAside() throws IOException {
        Files.writeString(directory.resolve("leader-epoch-checkpoint"), "nonsense");

        LogRepair.Outcome outcome = LogRepair.repair(directory, Set.of());

        assertThat(outcome.putAside()).containsExactly("leader-epoch-checkpoint.quarantine");
        assertThat(outcome.isSound()).isTrue();
        try (CommitLog log = CommitLog.open(directory, LogConfig.defaults())) {
            assertThat(log.epoch()).isEqualTo(2);
            assertThat(log.epochAt(9)).isEqualTo(1);
        }
    }

    @Test
    void shouldRehearseWhatItWouldDoAndChangeNothing() throws IOException {
        flip(FIRST + ".vidx", 30);
        Files.write(lastSegment(), new byte[] {1, 2, 3}, java.nio.file.StandardOpenOption.APPEND);
        Files.delete(directory.resolve("clean-close"));
        Map<String, List<Byte>> before = contents("");

        LogRepair.Outcome rehearsed = LogRepair.rehearse(directory, Set.of());

        assertThat(contents("")).isEqualTo(before);
        assertThat(rehearsed).isEqualTo(LogRepair.repair(directory, Set.of()));
        assertThat(contents("")).isNotEqualTo(before);
    }

    @Test
    void shouldRefuseALogThatIsOpen() {
        try (CommitLog open = CommitLog.open(directory, LogConfig.defaults())) {
            assertThat(LogRepair.isInUse(directory)).isTrue();
            assertThatExceptionOfType(DirectoryInUseException.class)
                    .isThrownBy(() -> LogRepair.repair(directory, Set.of()));
            assertThatExceptionOfType(DirectoryInUseException.class)
                    .isThrownBy(() -> LogRepair.rehearse(directory, Set.of()))
                    .withMessageContaining(directory.toString());
            assertThatExceptionOfType(DirectoryInUseException.class)
                    .isThrownBy(() -> CommitLog.open(directory, LogConfig.defaults()));
            assertThat(open.endOffset()).isEqualTo(24);
        }
        assertThat(LogRepair.isInUse(directory)).isFalse();
    }

    @Test
    void shouldRefuseALogWhoseBrokerRuns() {
        try (DirectoryLock brokers = DirectoryLock.take(above)) {
            assertThatExceptionOfType(DirectoryInUseException.class)
                    .isThrownBy(() -> LogRepair.repair(directory, Set.of()));
            brokers.close();
            assertThat(LogRepair.repair(directory, Set.of()).isSound()).isTrue();
        }
    }

    @Test
    void shouldSayWhyThereIsNothingToRepair() throws IOException {
        assertThatExceptionOfType(StorageException.class)
                .isThrownBy(() -> LogRepair.repair(above.resolve("nowhere"), Set.of()))
                .withMessageContaining("it does not exist");
        assertThatExceptionOfType(StorageException.class)
                .isThrownBy(() -> LogRepair.repair(Files.createFile(above.resolve("file")), Set.of()))
                .withMessageContaining("not a directory");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> LogRepair.repair(Files.createDirectory(above.resolve("empty")), Set.of()))
                .withMessageContaining("no segment");
    }

    private Verification verify() {
        return LogVerifier.verify(ReadOnlyStorage.open(directory), Set.of(), finding -> {});
    }

    private Path lastSegment() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .max(Path::compareTo)
                    .orElseThrow();
        }
    }

    private void flip(String name, int position) throws IOException {
        byte[] bytes = Files.readAllBytes(directory.resolve(name));
        bytes[position] ^= 4;
        Files.write(directory.resolve(name), bytes);
    }

    private Map<String, List<Byte>> contents(String suffix) throws IOException {
        Map<String, List<Byte>> contents = new TreeMap<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(suffix)).toList()) {
                List<Byte> bytes = new ArrayList<>();
                for (byte b : Files.readAllBytes(file)) {
                    bytes.add(b);
                }
                contents.put(file.getFileName().toString(), bytes);
            }
        }
        return contents;
    }
}
