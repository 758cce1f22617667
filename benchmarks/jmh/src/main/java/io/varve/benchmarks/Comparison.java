// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks;

import java.util.List;
import java.util.Map;

/**
 * One question put to several contenders.
 *
 * <p>Threading: immutable.
 *
 * @param title heads the table
 * @param benchmark simple name of the benchmark class
 * @param contenders values of its parameter {@code target}; ratios are to the first
 * @param parameters its other parameters
 * @param columns what is shown; the first is the one that ratios are made of
 */
record Comparison(
        String title, String benchmark, List<String> contenders, Map<String, String> parameters, List<Column> columns) {

    /**
     * A figure of a run.
     *
     * @param heading its name and unit
     * @param counter the name JMH knows it by; empty for the score itself
     */
    record Column(String heading, String counter) {}
}
