// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OffsetCheckpointTest {

    @TempDir
    private Path directory;

    private Path file() {
        return directory.resolve("replication-offset-checkpoint");
    }

    @Test
    void shouldReadWhatItWrites() throws IOException {
        Map<String, Long> offsets = Map.of("a-0", 5L, "with-dash-12", 7_000_000_000L);

        OffsetCheckpoint.write(directory, Map.of("old-0", 1L));
        OffsetCheckpoint.write(directory, offsets);

        assertThat(Files.readAllLines(file())).containsExactly("0", "2", "a 0 5", "with-dash 12 7000000000");
        assertThat(OffsetCheckpoint.read(directory)).isEqualTo(offsets);
    }

    @Test
    void shouldKnowNothingWithoutAFile() {
        assertThat(OffsetCheckpoint.read(directory)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0\n", "1\n0\n", "0\n2\na 0 5\n", "0\n1\na 0\n", "0\n1\na x 5\n", "0\n1\na 0 5 \u0000"})
    void shouldBelieveNothingOfADamagedFile(String contents) throws IOException {
        Files.writeString(file(), contents);

        assertThat(OffsetCheckpoint.read(directory)).isEmpty();
    }
}
