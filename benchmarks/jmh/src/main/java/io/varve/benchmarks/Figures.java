// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks;

import java.util.Arrays;
import java.util.Locale;

/**
 * The figures of one contender in one column, a round each.
 *
 * <p>Threading: immutable.
 */
final class Figures {

    private final double[] rounds;

    Figures(double[] rounds) {
        this.rounds = rounds.clone();
    }

    /** Round by round, these divided by others: what varies with the machine's mood falls out. */
    Figures over(Figures others) {
        double[] ratios = new double[rounds.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = rounds[i] / others.rounds[i];
        }
        return new Figures(ratios);
    }

    /** The one in the middle; of an even number, the lower of the two. */
    double median() {
        return sorted()[(rounds.length - 1) / 2];
    }

    private double[] sorted() {
        double[] sorted = rounds.clone();
        Arrays.sort(sorted);
        return sorted;
    }

    /** Median and range, with decimals only where the numbers are small. */
    @Override
    public String toString() {
        double[] sorted = sorted();
        return text(median()) + " (" + text(sorted[0]) + " to " + text(sorted[sorted.length - 1]) + ")";
    }

    private static String text(double figure) {
        if (figure < 0.1) {
            return String.format(Locale.ROOT, "%.3f", figure);
        }
        return String.format(Locale.ROOT, figure < 10 ? "%.2f" : figure < 100 ? "%.1f" : "%,.0f", figure);
    }
}
