// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import org.HdrHistogram.Histogram;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The latencies of one iteration in a histogram, handed to JMH as counters in nanoseconds. Recording allocates nothing. */
@AuxCounters(AuxCounters.Type.EVENTS)
@State(Scope.Thread)
public class Percentiles {

    private static final long LARGEST_NS = 60_000_000_000L;
    private static final int DIGITS = 3;

    private final Histogram histogram = new Histogram(LARGEST_NS, DIGITS);

    /** Forgets the iteration before. */
    @Setup(Level.Iteration)
    public void reset() {
        histogram.reset();
    }

    void record(long latencyNs) {
        histogram.recordValue(Math.min(latencyNs, LARGEST_NS));
    }

    public double p50Ns() {
        return histogram.getValueAtPercentile(50);
    }

    public double p99Ns() {
        return histogram.getValueAtPercentile(99);
    }

    public double p999Ns() {
        return histogram.getValueAtPercentile(99.9);
    }

    public double p9999Ns() {
        return histogram.getValueAtPercentile(99.99);
    }

    public double maxNs() {
        return histogram.getMaxValue();
    }
}
