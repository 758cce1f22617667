// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.storage.OutOfSpaceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Fills a real file system a hundred times and frees it: nothing acknowledged is lost, and the log goes on without being opened again.
 *
 * <p>Needs a file system of about 8 MiB of its own, for instance {@code mount -t tmpfs -o size=8m tmpfs DIRECTORY}, which {@code
 * -Dvarve.small.directory} names.
 */
@EnabledIfSystemProperty(named = "varve.small.directory", matches = ".+")
class FullDiskTest {

    private static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(500_000)
            .recoveryBytes(200_000)
            .reserveBytes(20_000)
            .build();
    private static final int RECORDS = 20;

    @Test
    void shouldGoOnWheneverThereIsSpaceAgain() throws Exception {
        Path directory = Files.createTempDirectory(Path.of(System.getProperty("varve.small.directory")), "log");
        Path filler = directory.resolveSibling(directory.getFileName() + "-filler");
        long appended = 0;
        try (CommitLog log = CommitLog.open(directory, CONFIG)) {
            for (int full = 0; full < 100; full++) {
                Files.write(filler, new byte[3 << 20]);
                appended += fill(log);
                assertThat(log.endOffset()).isEqualTo(appended);
                assertThat(log.isFailed()).isFalse();
                // Odd times the others make space, even times the log itself.
                if (full % 2 == 1) {
                    Files.delete(filler);
                } else {
                    log.deleteBefore(log.startOffset() + (log.endOffset() - log.startOffset()) / 2);
                    Files.delete(filler);
                }
                log.upkeep().doWork();
                log.append(Batches.batch("after-", RECORDS), 0);
                appended += RECORDS;
                log.flush();
                if (full % 2 == 1) {
                    log.deleteBefore(log.startOffset() + (log.endOffset() - log.startOffset()) / 2);
                }
            }
        }
        try (CommitLog log = CommitLog.open(directory, CONFIG)) {
            assertThat(log.recoveryReport().damaged()).isEmpty();
            assertThat(log.endOffset()).isEqualTo(appended);
            List<String> found = Batches.read(log, log.startOffset());
            assertThat(found).hasSize((int) (appended - log.startOffset()));
        }
    }

    /** Appends until the disk is full; returns how many records were acknowledged. */
    private static long fill(CommitLog log) {
        String value = "x".repeat(500);
        long appended = 0;
        while (true) {
            try {
                log.append(Batches.batch(value, RECORDS), 0);
                appended += RECORDS;
                if (appended % 400 == 0) {
                    log.upkeep().doWork();
                }
            } catch (OutOfSpaceException e) {
                return appended;
            }
        }
    }
}
