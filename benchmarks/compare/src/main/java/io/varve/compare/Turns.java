// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/**
 * A comparison: targets take turns, round after round, each time in a directory of its own.
 *
 * <p>Threading: confined to the thread of the comparison.
 */
public final class Turns {

    private Turns() {}

    /** One turn of one target. */
    @FunctionalInterface
    public interface Turn {

        /**
         * Measures.
         *
         * @param target its place in the list
         * @param directory for its data; empty, and deleted afterwards
         * @param results takes the name of a measure, with its unit, and a value
         */
        void run(int target, Path directory, BiConsumer<String, Double> results) throws Exception;
    }

    /**
     * Runs all turns. Says on the error output how far they are.
     *
     * @param targets their names; one may come twice
     * @param rounds turns of each target
     * @param directory where data goes
     * @return a table of Markdown
     */
    public static String run(List<String> targets, int rounds, Path directory, Turn turn) throws Exception {
        List<String> names = distinct(targets);
        Results results = new Results(names);
        PrintStream progress = System.err;
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < names.size(); i++) {
                // The other way round every second time: who goes first gains or loses nothing.
                int target = round % 2 == 0 ? i : names.size() - 1 - i;
                progress.printf("round %d of %d: %s%n", round + 1, rounds, names.get(target));
                Path data = Files.createTempDirectory(Files.createDirectories(directory), "turn-");
                try {
                    turn.run(target, data, (measure, value) -> results.add(measure, target, value));
                } finally {
                    delete(data);
                }
            }
            if (round + 1 < rounds) {
                progress.println(results.markdown()); // so that a run that is broken off leaves something
            }
        }
        return results.markdown();
    }

    /** The names of the targets, told apart where one comes twice. */
    private static List<String> distinct(List<String> targets) {
        List<String> names = new ArrayList<>();
        for (String target : targets) {
            names.add(names.contains(target) ? target + " again" : target);
        }
        return names;
    }

    private static void delete(Path directory) throws IOException {
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(directory)) {
            paths = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : paths) {
            Files.delete(path);
        }
    }
}
