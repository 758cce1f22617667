// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.replication.simulation.Transcript;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the transcripts in {@code scenarios/partition}: a line that begins with {@code >} is a command, the lines that follow it are what must
 * come of it, and one that begins with {@code #} and a space is a comment. A transcript that differs is shown as a whole.
 */
class PartitionScenarioTest {

    private static final Path SCENARIOS = Path.of("src/test/resources/scenarios/partition");

    static List<Path> scenarios() throws IOException {
        return Transcript.in(SCENARIOS);
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void shouldDoAsWritten(Path file) throws IOException {
        String expected = Files.readString(file);

        assertThat(transcript(expected.lines().toList(), Bug.NONE)).isEqualTo(expected);
    }

    /** What could be got wrong is found by the transcript of the case that it goes wrong in. */
    @ParameterizedTest
    @CsvSource({
        "kip-101-record-lost, TRUNCATES_TO_HIGH_WATERMARK, does not hold what is committed",
        "kip-101-logs-diverge, NEVER_DIVERGES, does not hold what is committed",
        "kip-279-fast-failover, KNOWS_ONLY_OWN_EPOCHS, does not hold what is committed",
        "kip-320-zombie-follower, IGNORES_LEADER_EPOCHS, truncated what is committed",
        "kip-903-empty-disk, IGNORES_BROKER_EPOCHS, does not hold what is committed",
        "kip-966-last-replica, CLAIMS_TO_HAVE_KEPT_ALL, does not hold what is committed",
        "kafka-19522-fenced-leader, ELECTS_WHO_IS_FENCED, elected who is gone",
        "min-in-sync, IGNORES_MIN_IN_SYNC, does not hold what is committed",
        "refused-proposal, FORGETS_REFUSED_PROPOSALS, does not hold what is committed"
    })
    void shouldFindWhatIsWrong(String file, Bug bug, String found) throws IOException {
        List<String> lines = Files.readAllLines(SCENARIOS.resolve(file + ".txt"));

        assertThatThrownBy(() -> transcript(lines, bug))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(found);
    }

    static String transcript(List<String> lines, Bug bug) {
        return Transcript.of(lines, new PartitionScenario(bug)::run);
    }
}
