// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.log.job.Job;
import io.varve.log.job.JobRunner;
import io.varve.log.storage.MappedStorage;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is different when the files of a log are longer than what they hold. */
class MappedLogTest {

    private static final String FIRST = "00000000000000000000.log";
    private static final int SEGMENT_BYTES = 1 << 20;
    private static final int RECOVERY_BYTES = 64 << 10;
    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(SEGMENT_BYTES)
            .recoveryBytes(RECOVERY_BYTES)
            .build();

    @TempDir
    Path directory;

    /** Appends and says what was acknowledged, until it is killed. */
    static final class Child {

        private Child() {}

        public static void main(String[] args) {
            PrintStream out = new PrintStream(System.out, true, UTF_8);
            CommitLog log = CommitLog.open(MappedStorage.open(Path.of(args[0])), CONFIG);
            JobRunner.start("upkeep", Duration.ofMillis(1), (job, failure) -> out.println(failure))
                    .add(log.upkeep());
            for (long i = 0; ; i++) {
                out.println(log.append(Batches.batch("v" + i + "-", 1), 0));
            }
        }
    }

    @Test
    void shouldKeepWhatWasAcknowledgedWhenTheProcessIsKilled() throws Exception {
        for (int acknowledgements : new int[] {1, 700, 30_000}) {
            Path home = directory.resolve("after-" + acknowledgements);
            Path errors = directory.resolve("errors-" + acknowledgements);
            Process child = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Child.class.getName(),
                            home.toString())
                    .redirectError(errors.toFile())
                    .start();
            long last = -1;
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(child.getInputStream(), UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    last = Math.max(last, Long.parseLong(line));
                    if (last == acknowledgements) {
                        // By its handle, because the process itself would close what it has still to say.
                        child.toHandle().destroyForcibly();
                    }
                }
            } finally {
                child.destroyForcibly().waitFor();
            }
            assertThat(last).isGreaterThanOrEqualTo(acknowledgements);
            assertThat(errors).isEmptyFile();
            try (CommitLog log = CommitLog.open(MappedStorage.open(home), CONFIG)) {
                RecoveryReport report = log.recoveryReport();
                assertThat(report.wasClean()).isFalse();
                assertThat(report.damaged()).isEmpty();
                assertThat(report.scannedBytes()).isLessThanOrEqualTo(RECOVERY_BYTES);
                assertThat(log.endOffset()).isGreaterThan(last);
                List<String> found = Batches.read(log, 0);
                for (int i = 0; i < found.size(); i++) {
                    assertThat(found.get(i)).isEqualTo(i + ":v" + i + "-0");
                }
                assertThat(found).hasSize((int) log.endOffset());
            }
        }
    }

    @Test
    void shouldReadNoMoreAgainThanTheBoundHoweverLongTheFileIs() {
        for (int batches : new int[] {0, 1, 100, 5_000, 15_000}) {
            Path home = directory.resolve("b" + batches);
            CommitLog log = CommitLog.open(MappedStorage.open(home), CONFIG);
            append(log, 0, batches);
            CommitLog again = CommitLog.open(MappedStorage.open(home), CONFIG);
            assertThat(again.recoveryReport().scannedBytes())
                    .as("batches=%d", batches)
                    .isBetween(1L, (long) RECOVERY_BYTES);
            assertThat(again.recoveryReport().truncatedBytes()).isZero();
            assertThat(again.endOffset()).isEqualTo(batches);
            append(again, batches, 10);

            // A log that was opened again is bounded again.
            try (CommitLog third = CommitLog.open(MappedStorage.open(home), CONFIG)) {
                assertThat(third.recoveryReport().scannedBytes()).isBetween(1L, (long) RECOVERY_BYTES);
                assertThat(third.endOffset()).isEqualTo(batches + 10);
            }
        }
    }

    @Test
    void shouldPrepareTheNextSegmentInSteps() throws Exception {
        int segmentBytes = 12 << 20;
        LogConfig config = CONFIG.toBuilder().segmentBytes(segmentBytes).build();
        Path prepared = directory.resolve("prepared.tmp");
        try (CommitLog log = open(config)) {
            Job upkeep = log.upkeep();
            while (log.sizeBytes() < segmentBytes / 8) {
                assertThat(prepared).doesNotExist();
                upkeep.doWork();
                log.append(Batches.batch("x".repeat(10_000), 1), 0);
            }
            upkeep.doWork();
            assertThat(Files.size(prepared)).isPositive().isLessThan(segmentBytes);
            upkeep.doWork();
            assertThat(prepared).hasSize(segmentBytes);
            while (log.segmentCount() == 1) {
                log.append(Batches.batch("x".repeat(10_000), 1), 0);
            }
            assertThat(prepared).doesNotExist();
            assertThat(active()).hasSize(segmentBytes);
        }
        long closedBytes = Files.size(active()) + Files.size(directory.resolve(FIRST));
        try (CommitLog log = open(config)) {
            assertThat(log.recoveryReport().wasClean()).isTrue();
            assertThat(log.sizeBytes()).isEqualTo(closedBytes);
            assertThat(active()).hasSize(segmentBytes);
        }
    }

    /** A step that is too late leaves a part of the file to be written through the channel. */
    @Test
    void shouldRollIntoWhatIsReady() throws Exception {
        LogConfig config = CONFIG.toBuilder().segmentBytes(12 << 20).build();
        try (CommitLog log = open(config)) {
            Job upkeep = log.upkeep();
            for (int i = 0; log.segmentCount() == 1; i++) {
                log.append(Batches.batch(i + "-" + "x".repeat(10_000), 1), 0);
                if (log.sizeBytes() > 4 << 20 && !Files.exists(directory.resolve("prepared.tmp"))) {
                    upkeep.doWork();
                }
            }
            assertThat(Files.size(active())).isPositive().isLessThan(12 << 20);
            while (log.segmentCount() == 2) {
                log.append(Batches.batch("y".repeat(10_000), 1), 0);
            }
            assertThat(Batches.read(log, 0)).hasSize((int) log.endOffset());
        }
    }

    @Test
    void shouldPutAsideADamagedTailWithoutThePreparedSpaceBehindIt() {
        CommitLog log = open();
        append(log, 0, 200);
        overwrite(log.sizeBytes() - 1, new byte[] {'?'});

        try (CommitLog again = open()) {
            assertThat(again.endOffset()).isEqualTo(199);
            assertThat(again.recoveryReport().truncatedBytes()).isBetween(1L, 2L * 4096);
            String aside = again.recoveryReport().quarantined().get(0);
            assertThat(directory.resolve(aside).toFile().length()).isBetween(1L, 2L * 4096);
        }
    }

    /** After a loss of power pages may be there that were written later than pages that are not. */
    @Test
    void shouldKeepWhatStandsBehindAHoleOfZeros() {
        CommitLog log = open();
        append(log, 0, 300);
        overwrite(4096, new byte[8192]);

        try (CommitLog again = open()) {
            RecoveryReport.Damage hole = again.recoveryReport().damaged().get(0);
            assertThat(hole.position()).isLessThanOrEqualTo(4096);
            assertThat(hole.endPosition()).isGreaterThanOrEqualTo(4096 + 8192);
            assertThat(again.endOffset()).isEqualTo(300);
            assertThat(Batches.read(again, 290)).hasSize(10);
            assertThatExceptionOfType(CorruptLogException.class).isThrownBy(() -> Batches.read(again, 0));
            append(again, 300, 1);
            assertThat(Batches.read(again, 300)).containsExactly("300:v300-0");
        }
    }

    private CommitLog open() {
        return CommitLog.open(MappedStorage.open(directory), CONFIG);
    }

    private static void append(CommitLog log, long first, int batches) {
        for (long i = first; i < first + batches; i++) {
            assertThat(log.append(Batches.batch("v" + i + "-", 1), 0)).isEqualTo(i);
        }
    }

    private CommitLog open(LogConfig config) {
        return CommitLog.open(MappedStorage.open(directory), config);
    }

    private Path active() throws Exception {
        try (var files = Files.list(directory)) {
            return files.filter(path -> path.toString().endsWith(".log"))
                    .max(Path::compareTo)
                    .orElseThrow();
        }
    }

    private void overwrite(long position, byte[] bytes) {
        Storage storage = MappedStorage.open(directory);
        try (StorageFile file = storage.open(FIRST)) {
            file.write(ByteBuffer.wrap(bytes), position);
        }
    }
}
