// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A command that was run to its end.
 *
 * <p>Threading: immutable.
 *
 * @param exitCode what it ended with
 * @param stdout what it printed
 * @param stderr what it complained
 */
public record Run(int exitCode, String stdout, String stderr) {

    private static final int TIMEOUT_S = 120;

    /** Runs a command with nothing to read. */
    public static Run of(List<String> command) {
        return of(command, "");
    }

    /** Runs a command that reads {@code stdin}; fails when it does not end. */
    public static Run of(List<String> command, String stdin) {
        try {
            Path in = Files.writeString(Files.createTempFile("varve-run", ".in"), stdin);
            Path out = Files.createTempFile("varve-run", ".out");
            Path err = Files.createTempFile("varve-run", ".err");
            Process process = new ProcessBuilder(command)
                    .redirectInput(in.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            boolean ended = process.waitFor(TIMEOUT_S, TimeUnit.SECONDS);
            if (!ended) {
                process.destroyForcibly().waitFor();
            }
            Run run = new Run(
                    process.exitValue(),
                    Files.readString(out, StandardCharsets.UTF_8),
                    Files.readString(err, StandardCharsets.UTF_8));
            for (Path file : List.of(in, out, err)) {
                Files.delete(file);
            }
            assertThat(ended)
                    .as("%s ended in time; it printed %s", command, run)
                    .isTrue();
            return run;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while running " + command, e);
        }
    }

    /** Demands that the command succeeded. */
    public Run ok() {
        assertThat(exitCode)
                .as("exit code; stdout:%n%s%nstderr:%n%s", stdout, stderr)
                .isZero();
        return this;
    }
}
