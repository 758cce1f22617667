// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every example does what it says. */
class ExamplesTest {

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);

    @TempDir
    private Path directory;

    @Test
    void shouldShareFlushes() throws InterruptedException {
        new GroupCommit(out).run(directory);

        assertThat(lines()).containsExactly("durable below 800 of 800", "fewer flushes than records: true");
    }

    @Test
    void shouldDeleteTheOldest() throws InterruptedException {
        new Retention(out).run(directory);

        assertThat(lines()).containsExactly("deleted from the beginning: true", "kept at least: true");
    }

    @Test
    void shouldKeepTheLastOfEachKey() throws InterruptedException {
        new Compaction(out).run(directory);

        assertThat(lines())
                .containsExactly("offsets end where they did: true", "fewer than 300 records are left: true");
    }

    @Test
    void shouldResumeWhereItWas() {
        new ResumeByCursor(out).run(directory);
        new ResumeByCursor(out).run(directory);

        assertThat(lines()).containsExactly("0: job 0", "1: job 1", "2: job 2", "3: job 3", "4: job 4", "5: job 5");
    }

    private String[] lines() {
        return printed.toString(StandardCharsets.UTF_8).lines().toArray(String[]::new);
    }
}
