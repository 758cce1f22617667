// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process that appends, at random moments, again and again in one directory: all that was acknowledged is there.
 *
 * <p>As often as {@code -Dvarve.kills} says, 4 when not given.
 */
class CommitLogKillTest {

    private static final int KILLS = Integer.getInteger("varve.kills", 4);

    private final Random random = new Random(4);
    private long verifiedTo;

    @Test
    void shouldLoseNothingThatWasAcknowledgedWhenTheProcessIsKilled(@TempDir Path directory) throws Exception {
        long acknowledged = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            acknowledged = Math.max(acknowledged, appendAndKill(directory, kill));
            // Otherwise the next process recovers it, and may be killed at that.
            if (kill == KILLS - 1 || random.nextBoolean()) {
                verify(directory, acknowledged, "kill " + kill);
            }
        }
        assertThat(acknowledged).isPositive();
    }

    /** End of what a process acknowledged until it was killed. */
    private long appendAndKill(Path directory, int seed) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Appending.class.getName(),
                        directory.toString(),
                        String.valueOf(seed))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        long acknowledged = 0;
        try (DataInputStream answers = new DataInputStream(process.getInputStream())) {
            int answersBefore = random.nextInt(3000);
            for (int i = 0; i < answersBefore; i++) {
                acknowledged = answers.readLong();
            }
            // By its handle: the process would close the stream as well.
            process.toHandle().destroyForcibly();
            while (true) {
                acknowledged = answers.readLong();
            }
        } catch (EOFException e) {
            // It is dead; the answers that were under way have been read.
        } finally {
            process.destroyForcibly().waitFor();
        }
        return acknowledged;
    }

    private void verify(Path directory, long acknowledged, String when) {
        try (CommitLog log = CommitLog.open(directory, Appending.CONFIG)) {
            RecoveryReport report = log.recoveryReport();
            assertThat(report.wasClean()).as(when).isFalse();
            assertThat(report.damaged()).as(when).isEmpty();
            assertThat(report.quarantined()).as(when).isEmpty();
            assertThat(report.scannedBytes()).as(when).isLessThanOrEqualTo(100_000);
            assertThat(log.endOffset()).as(when).isGreaterThanOrEqualTo(acknowledged);
            assertThat(log.cursor(Appending.CURSOR)).as(when).isBetween(-1L, log.endOffset());
            // What was there before is looked at again, a little of it.
            long from = Math.max(log.startOffset(), verifiedTo - 1000);
            try (LogReader reader = log.readerAt(from)) {
                for (long offset = from; offset < log.endOffset(); offset++) {
                    assertThat(reader.next()).as("%s, offset %s", when, offset).isTrue();
                    assertThat(reader.offset()).isEqualTo(offset);
                    assertThat(Batches.text(reader.record().value())).isEqualTo(Appending.value(offset));
                }
            }
            verifiedTo = log.endOffset();
        }
    }
}
