// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.varve.log.storage.ChannelStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many logs in one process hold one file each, whatever has been read, and none when they are closed.
 *
 * <p>As many as {@code -Dvarve.logs} says, 200 when not given.
 */
class ManyLogsTest {

    private static final int LOGS = Integer.getInteger("varve.logs", 200);
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final LogConfig CONFIG =
            LogConfig.builder().segmentBytes(300).reserveBytes(0).build();

    @Test
    void shouldHoldOneFileEachAndNoneWhenClosed(@TempDir Path directory) {
        assumeTrue(Files.isDirectory(DESCRIPTORS), "descriptors can be counted");
        List<CommitLog> logs = new ArrayList<>();
        try {
            for (int i = 0; i < LOGS; i++) {
                // As a broker does, which locks its directories and not each log.
                CommitLog log = CommitLog.open(ChannelStorage.open(directory.resolve("log-" + i)), CONFIG);
                logs.add(log);
                for (int batch = 0; batch < 5; batch++) {
                    log.append(Batches.batch("v" + batch + "-", 2), 0);
                }
                log.upkeep().doWork();
                log.rest();
                log.rest();
            }
            assertThat(filesOf(directory, ".log")).isGreaterThan(LOGS);
            for (CommitLog log : logs) {
                assertThat(Batches.read(log, 0)).hasSize(10);
                // Files that are not read rest, from the second time on.
                log.rest();
                log.rest();
            }
            assertThat(openIn(directory)).isEqualTo(LOGS);
        } finally {
            logs.forEach(CommitLog::close);
        }
        assertThat(openIn(directory)).isZero();
    }

    private static long filesOf(Path directory, String ending) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(ending)).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long openIn(Path directory) {
        try (Stream<Path> descriptors = Files.list(DESCRIPTORS)) {
            return descriptors
                    .filter(descriptor -> pointsInto(descriptor, directory))
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean pointsInto(Path descriptor, Path directory) {
        try {
            return Files.readSymbolicLink(descriptor).startsWith(directory);
        } catch (IOException e) {
            // Closed since it was listed.
            return false;
        }
    }
}
