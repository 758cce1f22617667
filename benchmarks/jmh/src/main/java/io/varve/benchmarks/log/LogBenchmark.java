// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the benchmarks of a log have in common: a directory, the size of segments, and JVMs for one contender alone, whose flags are
 * those Chronicle Queue asks for. One iteration is one measurement, so that percentiles are of all that was measured.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 1, time = 5)
@Measurement(iterations = 1, time = 5)
@Fork(
        value = 3,
        jvmArgsAppend = {
            "-Xms1g",
            "-Xmx1g",
            "-Dchronicle.analytics.disable=true",
            "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
            "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
            "--add-exports=jdk.unsupported/sun.misc=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
            "--add-opens=java.base/java.io=ALL-UNNAMED",
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED"
        })
public abstract class LogBenchmark {

    /** Where the log lies; empty for the temporary directory. */
    @Param("")
    public String dir;

    /** Size of a segment in MiB. */
    @Param("64")
    public int segmentMiB;

    private final List<Path> scratch = new ArrayList<>();

    /** For JMH and the classes of this package. */
    LogBenchmark() {}

    /** Creates a directory that is removed by {@link #deleteScratch}. */
    final Path createScratch() {
        Path created = Scratch.create(dir);
        scratch.add(created);
        return created;
    }

    /** Removes what was created, at the end of a benchmark's own clean-up: JMH would call two methods in the order of their names. */
    final void deleteScratch() {
        scratch.forEach(Scratch::delete);
        scratch.clear();
    }

    final int segmentBytes() {
        return segmentMiB << 20;
    }

    /**
     * Appends batches until the log has a size; every batch is one millisecond later than the one before.
     *
     * @return number of batches
     */
    static int fill(AppendTarget target, int recordBytes, int batchRecords, long logBytes) {
        int batches = 0;
        long filledBytes = 0;
        while (filledBytes < logBytes) {
            ByteBuffer batch = Batches.at(Batches.FIRST_TIMESTAMP_MS + batches, recordBytes, batchRecords);
            target.append(batch);
            filledBytes += batch.remaining();
            batches++;
        }
        return batches;
    }
}
