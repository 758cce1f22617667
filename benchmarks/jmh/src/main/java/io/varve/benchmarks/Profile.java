// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks;

import io.varve.benchmarks.Comparison.Column;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How thoroughly to measure.
 *
 * <p>Threading: immutable.
 *
 * @param rounds how often every contender gets its turn, a JVM each
 * @param warmup before a measurement
 * @param measurement the time that is measured
 * @param comparisons what is measured, in this order
 */
record Profile(int rounds, Duration warmup, Duration measurement, List<Comparison> comparisons) {

    /** Varve's storages; ratios are to the first. */
    private static final List<String> VARVE = List.of("varve-channel", "varve-mapped");

    private static final List<String> APPENDERS =
            varveAnd("kafka-leader", "kafka-follower", "chronicle-queue", "file-channel", "mapped-buffer");
    private static final List<String> READERS =
            varveAnd("kafka-leader", "chronicle-queue", "file-channel", "mapped-buffer");
    private static final List<String> SEEKERS = List.of("varve-channel", "kafka-leader", "chronicle-queue");
    private static final List<String> RECORD_READERS = List.of("varve-channel", "kafka-leader");
    private static final List<String> RECOVERERS = List.of("varve-channel", "kafka-leader", "kafka-no-checkpoint");

    private static final Column ALLOCATED = new Column("B/op allocated", "gc.alloc.rate.norm");
    private static final List<Column> PER_BATCH = List.of(new Column("ns/batch", ""), ALLOCATED);
    private static final List<Column> PER_RECORD = List.of(new Column("ns/record", ""), ALLOCATED);
    private static final List<Column> PER_LOOKUP = List.of(new Column("ns/lookup", ""), ALLOCATED);
    private static final List<Column> PERCENTILES = List.of(
            new Column("p50 ns", "p50Ns"),
            new Column("p99 ns", "p99Ns"),
            new Column("p99.9 ns", "p999Ns"),
            new Column("p99.99 ns", "p9999Ns"),
            new Column("max ns", "maxNs"));
    private static final List<Column> PER_RECOVERY = List.of(new Column("ms", ""));

    /** About five minutes: an orientation. */
    static Profile brief() {
        List<Comparison> all = new ArrayList<>();
        all.add(append(100, 1));
        all.add(append(100, 100));
        all.add(append(1024, 10));
        all.add(latency(100, 1));
        all.add(read(100, 100));
        all.add(readRecords(100, 100));
        all.addAll(lookups());
        all.add(recovery(256));
        return new Profile(3, Duration.ofMillis(700), Duration.ofMillis(700), List.copyOf(all));
    }

    /** Hours: for figures that are written down. */
    static Profile thorough() {
        List<Comparison> all = new ArrayList<>();
        for (int recordBytes : new int[] {100, 1024}) {
            for (int batchRecords : new int[] {1, 10, 100, 1000}) {
                all.add(append(recordBytes, batchRecords));
                all.add(latency(recordBytes, batchRecords));
                all.add(read(recordBytes, batchRecords));
                all.add(readRecords(recordBytes, batchRecords));
            }
        }
        all.addAll(lookups());
        for (int logMiB : new int[] {64, 256, 1024, 4096}) {
            all.add(recovery(logMiB));
        }
        return new Profile(5, Duration.ofSeconds(3), Duration.ofSeconds(3), List.copyOf(all));
    }

    private static List<String> varveAnd(String... others) {
        return Stream.concat(VARVE.stream(), Stream.of(others)).collect(Collectors.toUnmodifiableList());
    }

    private static Comparison append(int recordBytes, int batchRecords) {
        return new Comparison(
                "append, " + size(recordBytes, batchRecords),
                "AppendBenchmark",
                APPENDERS,
                parameters(recordBytes, batchRecords),
                PER_BATCH);
    }

    private static Comparison latency(int recordBytes, int batchRecords) {
        return new Comparison(
                "latency of appends, " + size(recordBytes, batchRecords),
                "AppendLatencyBenchmark",
                APPENDERS,
                parameters(recordBytes, batchRecords),
                PERCENTILES);
    }

    private static Comparison read(int recordBytes, int batchRecords) {
        return new Comparison(
                "read by batch, " + size(recordBytes, batchRecords),
                "ReadBenchmark",
                READERS,
                parameters(recordBytes, batchRecords),
                PER_BATCH);
    }

    private static Comparison readRecords(int recordBytes, int batchRecords) {
        return new Comparison(
                "read by record, " + size(recordBytes, batchRecords),
                "RecordReadBenchmark",
                RECORD_READERS,
                parameters(recordBytes, batchRecords),
                PER_RECORD);
    }

    private static List<Comparison> lookups() {
        return List.of(
                new Comparison("lookup by offset", "OffsetLookupBenchmark", SEEKERS, Map.of(), PER_LOOKUP),
                new Comparison("lookup by time", "TimeLookupBenchmark", RECORD_READERS, Map.of(), PER_LOOKUP));
    }

    private static Comparison recovery(int logMiB) {
        return new Comparison(
                "recovery of " + logMiB + " MiB",
                "RecoveryBenchmark",
                RECOVERERS,
                Map.of("logMiB", String.valueOf(logMiB)),
                PER_RECOVERY);
    }

    private static String size(int recordBytes, int batchRecords) {
        return batchRecords + " x " + recordBytes + " B";
    }

    private static Map<String, String> parameters(int recordBytes, int batchRecords) {
        return Map.of("recordBytes", String.valueOf(recordBytes), "batchRecords", String.valueOf(batchRecords));
    }
}
