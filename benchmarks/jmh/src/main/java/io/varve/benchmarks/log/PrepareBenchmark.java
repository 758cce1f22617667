// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.storage.MappedStorage;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Time that the upkeep thread of a log in mapped storage needs to make a segment of 64 MiB ready: written out in steps of 8 MiB, forced,
 * mapped.
 *
 * <pre>java -jar benchmarks/jmh/target/benchmarks.jar PrepareBenchmark</pre>
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 10)
public class PrepareBenchmark extends LogBenchmark {

    private static final int SEGMENT_BYTES = 64 << 20;
    private static final int STEP_BYTES = 8 << 20;
    private static final String NAME = "segment";

    private MappedStorage storage;

    /** Opens a directory. */
    @Setup
    public void open() {
        storage = MappedStorage.open(createScratch());
    }

    /** Removes what was made. */
    @TearDown(Level.Invocation)
    public void delete() {
        storage.delete(NAME);
    }

    /** Removes the directory. */
    @TearDown
    public void close() {
        deleteScratch();
    }

    /** One segment. */
    @Benchmark
    public void prepare() {
        for (int bytes = STEP_BYTES; bytes <= SEGMENT_BYTES; bytes += STEP_BYTES) {
            storage.prepare(NAME, bytes);
        }
    }
}
