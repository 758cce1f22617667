// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the transcripts in {@code scenarios/quorum}: a line that begins with {@code >} is a command, the lines that follow it are what must
 * come of it, and one that begins with {@code #} and a space is a comment. A transcript that differs is shown as a whole.
 */
class QuorumScenarioTest {

    private static final Path SCENARIOS = Path.of("src/test/resources/scenarios/quorum");

    static List<Path> scenarios() throws IOException {
        try (Stream<Path> files = Files.list(SCENARIOS)) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void shouldDoAsWritten(Path file) throws IOException {
        String expected = Files.readString(file);

        assertThat(transcript(expected.lines().toList())).isEqualTo(expected);
    }

    static String transcript(List<String> lines) {
        QuorumScenario scenario = new QuorumScenario();
        StringBuilder transcript = new StringBuilder();
        for (String line : lines) {
            if (line.startsWith("> ")) {
                transcript.append(line).append('\n');
                scenario.run(line.substring(2))
                        .forEach(output -> transcript.append(output).append('\n'));
            } else if (line.startsWith("# ") || line.isBlank()) {
                transcript.append(line).append('\n');
            }
        }
        return transcript.toString();
    }
}
