// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What was measured, by measure and by target; printed as a table of Markdown.
 *
 * <p>Threading: confined to the thread of the comparison.
 */
final class Results {

    private final List<String> targets;
    private final Map<String, List<List<Double>>> measures = new LinkedHashMap<>();

    Results(List<String> targets) {
        this.targets = List.copyOf(targets);
    }

    /** Adds the value of one round. */
    void add(String measure, int target, double value) {
        measures.computeIfAbsent(
                        measure,
                        name -> new ArrayList<>(targets.stream()
                                .map(ignored -> (List<Double>) new ArrayList<Double>())
                                .toList()))
                .get(target)
                .add(value);
    }

    /** One row per measure: for each target the median and, in parentheses, smallest and largest; at the end last to first. */
    String markdown() {
        StringBuilder table = new StringBuilder("| measure |");
        targets.forEach(target -> table.append(' ').append(target).append(" |"));
        table.append(targets.size() > 1 ? " ratio |\n|---|" : "\n|---|");
        table.append("---:|".repeat(targets.size() > 1 ? targets.size() + 1 : targets.size()))
                .append('\n');
        measures.forEach((measure, values) -> table.append(row(measure, values)));
        return table.toString();
    }

    private static String row(String measure, List<List<Double>> values) {
        StringBuilder row = new StringBuilder("| ").append(measure).append(" |");
        values.forEach(ofTarget -> row.append(' ').append(cell(ofTarget)).append(" |"));
        List<Double> first = values.get(0);
        List<Double> last = values.get(values.size() - 1);
        if (values.size() > 1) {
            boolean comparable = !first.isEmpty() && !last.isEmpty() && median(first) > 0;
            row.append(comparable ? String.format(Locale.ROOT, " %.2f |", median(last) / median(first)) : " - |");
        }
        return row.append('\n').toString();
    }

    private static String cell(List<Double> values) {
        if (values.isEmpty()) {
            return "-";
        }
        List<Double> sorted = values.stream().sorted().toList();
        return values.size() == 1
                ? number(sorted.get(0))
                : number(median(values)) + " (" + number(sorted.get(0)) + "-" + number(sorted.get(sorted.size() - 1))
                        + ")";
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** Three digits that count, and no more behind the point than they need. */
    private static String number(double value) {
        if (value >= 100) {
            return String.format(Locale.ROOT, "%,d", Math.round(value));
        }
        return String.format(Locale.ROOT, value >= 10 ? "%.1f" : "%.2f", value);
    }
}
