// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

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
 * Runs the transcripts in {@code scenarios/quorum}: a line that begins with {@code >} is a command, the lines that follow it are what must
 * come of it, and one that begins with {@code #} and a space is a comment. A transcript that differs is shown as a whole.
 */
class QuorumScenarioTest {

    private static final Path SCENARIOS = Path.of("src/test/resources/scenarios/quorum");

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
        "forgotten-vote, FORGETS_VOTES, two leaders in epoch",
        "figure-8, COMMITS_ENTRIES_OF_EARLIER_EPOCHS, holds another entry than the committed",
        "stale-leader, READS_WITHOUT_ASKING, a read misses what was acknowledged",
        "lost-majority, KEEPS_IDENTITY_WITHOUT_LOG, does not hold what is committed"
    })
    void shouldFindWhatIsWrong(String file, Bug bug, String found) throws IOException {
        List<String> lines = Files.readAllLines(SCENARIOS.resolve(file + ".txt"));

        assertThatThrownBy(() -> transcript(lines, bug))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(found);
    }

    static String transcript(List<String> lines, Bug bug) {
        return Transcript.of(lines, new QuorumScenario(bug)::run);
    }
}
