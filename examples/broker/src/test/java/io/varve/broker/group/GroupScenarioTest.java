// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.replication.simulation.Transcript;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the transcripts in {@code scenarios/groups}: a line that begins with {@code >} is a command, the lines that follow it are what
 * must come of it, and one that begins with {@code #} and a space is a comment. A transcript that differs is shown as a whole.
 */
class GroupScenarioTest {

    private static final Path SCENARIOS = Path.of("src/test/resources/scenarios/groups");

    static List<Path> scenarios() throws IOException {
        return Transcript.in(SCENARIOS);
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void shouldDoAsWritten(Path file) throws IOException {
        String expected = Files.readString(file);

        assertThat(transcript(expected.lines().toList())).isEqualTo(expected);
    }

    private static String transcript(List<String> lines) {
        return Transcript.of(lines, new Scenario()::run);
    }
}
