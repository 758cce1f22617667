// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickstartTest {

    @Test
    void shouldDoWhatTheReadmeSays(@TempDir Path directory) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        Quickstart quickstart = new Quickstart(new PrintStream(printed, true, StandardCharsets.UTF_8));

        quickstart.run(directory, bytes("a"), bytes("1"));
        quickstart.run(directory, bytes("b"), bytes("2"));

        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly("0: a = 1", "durable below 1", "1: b = 2", "durable below 2");
    }

    /** The lines of the README stand in the program, in their order. */
    @Test
    void shouldBeTheExampleOfTheReadme() throws IOException {
        Path root = Path.of("../..");
        String readme = Files.readString(root.resolve("README.md"));
        List<String> example = readme.substring(
                        readme.indexOf("```java") + 7, readme.indexOf("```", readme.indexOf("```java") + 7))
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("try (CommitLog"))
                .collect(Collectors.toList());
        List<String> program = Files.readAllLines(Path.of("src/main/java/io/varve/quickstart/Quickstart.java")).stream()
                .map(String::strip)
                .collect(Collectors.toList());

        assertThat(program).containsSubsequence(example);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
