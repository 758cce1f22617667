// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What the demo measured.
 *
 * <p>Threading: confined to the command's thread.
 *
 * @param records lines sent and read back, twice
 * @param sizeBytes bytes of these lines
 * @param phases the parts of the run, in order
 * @param produceNs from the send of a record to its acknowledgement
 * @param endToEndNs from the send of a record to its arrival at a member of the group
 */
record DemoResult(int records, long sizeBytes, List<Phase> phases, Histogram produceNs, Histogram endToEndNs) {

    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 100};

    /**
     * One part of the run.
     *
     * <p>Threading: immutable.
     *
     * @param name what was done
     * @param durationNs how long it took
     * @param isThroughput whether all records went through it
     */
    record Phase(String name, long durationNs, boolean isThroughput) {}

    void print(PrintStream out, String source) {
        out.printf(Locale.ROOT, "%,d records, %,d bytes from %s%n%n", records, sizeBytes, source);
        final List<List<String>> rows = new ArrayList<>();
        for (Phase phase : phases) {
            final double seconds = phase.durationNs / 1e9;
            rows.add(List.of(
                    phase.name,
                    String.format(Locale.ROOT, "%,.0f", phase.durationNs / 1e6),
                    phase.isThroughput ? String.format(Locale.ROOT, "%,.0f", records / seconds) : "",
                    phase.isThroughput ? String.format(Locale.ROOT, "%,.1f", sizeBytes / seconds / 1e6) : ""));
        }
        Printer.table(out, List.of("step", "ms", "records/s", "MB/s"), rows);
        out.println();
        Printer.table(
                out,
                List.of("latency, ms", "p50", "p90", "p99", "p99.9", "max"),
                List.of(latency("produce, acknowledged", produceNs), latency("end to end", endToEndNs)));
        out.println();
        out.println("every record came back byte for byte, also after kill -9");
    }

    private static List<String> latency(String name, Histogram histogram) {
        final List<String> row = new ArrayList<>();
        row.add(name);
        for (double percentile : PERCENTILES) {
            row.add(String.format(Locale.ROOT, "%,.2f", histogram.getValueAtPercentile(percentile) / 1e6));
        }
        return row;
    }

    Map<String, Object> json(String source) {
        final List<Object> steps = new ArrayList<>();
        for (Phase phase : phases) {
            steps.add(object("name", phase.name, "ms", phase.durationNs / 1e6));
        }
        return object(
                "source", source,
                "records", records,
                "bytes", sizeBytes,
                "identical", true,
                "steps", steps,
                "produceMs", percentiles(produceNs),
                "endToEndMs", percentiles(endToEndNs));
    }

    private static Map<String, Object> percentiles(Histogram histogram) {
        return object(
                "p50", histogram.getValueAtPercentile(50) / 1e6,
                "p90", histogram.getValueAtPercentile(90) / 1e6,
                "p99", histogram.getValueAtPercentile(99) / 1e6,
                "p99.9", histogram.getValueAtPercentile(99.9) / 1e6,
                "max", histogram.getMaxValue() / 1e6);
    }
}
