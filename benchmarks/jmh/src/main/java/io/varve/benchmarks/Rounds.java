// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks;

import io.varve.benchmarks.Comparison.Column;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs one comparison: first round, all contenders in order; second round, all again; every run in a JVM of its own. A machine that gets
 * slower with time so slows all of them.
 *
 * <p>Threading: confined to one thread.
 */
final class Rounds {

    private final Comparison comparison;
    private final Profile profile;
    private final String directory;
    private final List<List<RunResult>> results = new ArrayList<>();

    /** {@code directory} is where the logs lie, empty for the temporary directory. */
    Rounds(Comparison comparison, Profile profile, String directory) {
        this.comparison = comparison;
        this.profile = profile;
        this.directory = directory;
    }

    void run() throws RunnerException {
        comparison.contenders().forEach(contender -> results.add(new ArrayList<>()));
        for (int round = 0; round < profile.rounds(); round++) {
            for (int i = 0; i < results.size(); i++) {
                results.get(i).add(once(comparison.contenders().get(i)));
            }
        }
    }

    private RunResult once(String contender) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(Pattern.quote("." + comparison.benchmark() + "."))
                .param("target", contender)
                .param("dir", directory)
                .forks(1)
                .warmupTime(TimeValue.nanoseconds(profile.warmup().toNanos()))
                .measurementTime(TimeValue.nanoseconds(profile.measurement().toNanos()))
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
        for (Map.Entry<String, String> parameter : comparison.parameters().entrySet()) {
            options.param(parameter.getKey(), parameter.getValue());
        }
        return new Runner(options.build()).runSingle();
    }

    /** The table, in Markdown; the ratio is the first contender's figure divided by this one's, so below 1 the first is better. */
    String table() {
        String first = comparison.contenders().get(0);
        StringBuilder table = new StringBuilder("\n### " + comparison.title() + "\n\n| |");
        comparison
                .columns()
                .forEach(column -> table.append(' ').append(column.heading()).append(" |"));
        table.append(" ratio of ").append(first).append(" to it |\n|---|");
        table.append("---|".repeat(comparison.columns().size() + 1)).append('\n');
        Column ratioColumn = comparison.columns().get(0);
        for (int i = 0; i < results.size(); i++) {
            table.append("| ").append(comparison.contenders().get(i)).append(" |");
            for (Column column : comparison.columns()) {
                table.append(' ').append(figures(i, column)).append(" |");
            }
            table.append(' ')
                    .append(figures(0, ratioColumn).over(figures(i, ratioColumn)))
                    .append(" |\n");
        }
        return table.toString();
    }

    private Figures figures(int contender, Column column) {
        return new Figures(results.get(contender).stream()
                .mapToDouble(result -> figure(result, column.counter()))
                .toArray());
    }

    private static double figure(RunResult result, String counter) {
        Result<?> found = counter.isEmpty()
                ? result.getPrimaryResult()
                : result.getSecondaryResults().get(counter);
        if (found == null) {
            throw new IllegalStateException("JMH has no such figure: counter=" + counter + ", known="
                    + result.getSecondaryResults().keySet());
        }
        return found.getScore();
    }
}
