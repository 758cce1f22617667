// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Times of one kind, gathered over rounds; for a report.
 *
 * <p>Threading: confined to the test's thread.
 */
final class Gaps {

    private final List<Double> gapsMs = new ArrayList<>();

    void add(double gapMs) {
        gapsMs.add(gapMs);
    }

    void addAll(List<Double> more) {
        gapsMs.addAll(more);
    }

    /** The smallest that so large a part of them does not exceed. */
    private double percentile(double part) {
        List<Double> sorted = gapsMs.stream().sorted().toList();
        return sorted.get(Math.max(0, (int) Math.ceil(part * sorted.size()) - 1));
    }

    @Override
    public String toString() {
        return gapsMs.isEmpty()
                ? "none"
                : String.format(
                        Locale.ROOT,
                        "p50 %.0f ms, p99 %.0f ms, max %.0f ms of %d",
                        percentile(0.5),
                        percentile(0.99),
                        percentile(1),
                        gapsMs.size());
    }
}
