// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LineReaderTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void shouldCutWhereTheLineEndsAre(long seed) throws IOException {
        final Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            final List<String> lines = new ArrayList<>();
            final StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(8); i > 0; i--) {
                final String line = "x".repeat(random.nextInt(4) == 0 ? random.nextInt(200_000) : random.nextInt(3));
                lines.add(line);
                text.append(line).append('\n');
            }
            if (random.nextBoolean()) {
                lines.add("last");
                text.append("last");
            }

            assertThat(read(text.toString()))
                    .as("seed=%d, round=%d", seed, round)
                    .isEqualTo(lines);
        }
    }

    @Test
    void shouldNameTheLineThatIsTooLong() {
        final LineReader reader = new LineReader(new ByteArrayInputStream(new byte[100_000]), 1_000);

        assertThatThrownBy(reader::next)
                .isInstanceOf(CommandFailure.class)
                .hasMessage("line 1 is longer than a record may be: maxBytes=1000");
    }

    private static List<String> read(String text) throws IOException {
        final LineReader reader =
                new LineReader(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), 1 << 20);
        final List<String> lines = new ArrayList<>();
        for (byte[] line = reader.next(); line != null; line = reader.next()) {
            lines.add(new String(line, StandardCharsets.UTF_8));
            assertThat(reader.lineNumber()).isEqualTo(lines.size());
        }
        return lines;
    }
}
