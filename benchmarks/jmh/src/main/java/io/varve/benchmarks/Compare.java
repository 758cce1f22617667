// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks;

import java.util.Locale;
import org.openjdk.jmh.runner.RunnerException;

/**
 * Measures Varve's log beside the others, in interleaved rounds, and prints a table for every comparison as soon as it is done.
 *
 * <pre>java -cp benchmarks/jmh/target/benchmarks.jar io.varve.benchmarks.Compare short [DIRECTORY [WORDS]]</pre>
 *
 * <p>{@code short} takes about five minutes, {@code long} hours. The logs lie in {@code DIRECTORY}, by default the temporary directory;
 * {@code WORDS} restricts it to the comparisons whose titles contain them.
 */
public final class Compare {

    private static final String USAGE =
            "usage: java -cp benchmarks.jar io.varve.benchmarks.Compare short|long [DIRECTORY [WORDS]]";

    private Compare() {}

    public static void main(String[] args) throws RunnerException {
        if (args.length < 1 || args.length > 3) {
            throw new IllegalArgumentException(USAGE);
        }
        Profile profile = profile(args[0]);
        String directory = args.length > 1 ? args[1] : "";
        String words = args.length > 2 ? args[2].toLowerCase(Locale.ROOT) : "";
        System.out.printf(
                "rounds %d, warm-up %d ms, measurement %d ms, JDK %s, %d processors, logs in %s; median (range)%n",
                profile.rounds(),
                profile.warmup().toMillis(),
                profile.measurement().toMillis(),
                System.getProperty("java.version"),
                Runtime.getRuntime().availableProcessors(),
                directory.isEmpty() ? System.getProperty("java.io.tmpdir") : directory);
        for (Comparison comparison : profile.comparisons()) {
            if (comparison.title().toLowerCase(Locale.ROOT).contains(words)) {
                Rounds rounds = new Rounds(comparison, profile, directory);
                rounds.run();
                System.out.print(rounds.table());
            }
        }
    }

    private static Profile profile(String name) {
        return switch (name) {
            case "short" -> Profile.brief();
            case "long" -> Profile.thorough();
            default ->
                throw new IllegalArgumentException("no such profile: name=" + name + ", known=short, long; " + USAGE);
        };
    }
}
