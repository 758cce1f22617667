// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Average time of finding the first record at or after a random time, in a log whose batches are one millisecond apart.
 *
 * <pre>java -jar benchmarks/jmh/target/benchmarks.jar TimeLookupBenchmark -p target=varve-channel</pre>
 */
public class TimeLookupBenchmark extends LogBenchmark {

    private static final int RECORD_BYTES = 100;
    private static final int BATCH_RECORDS = 10;

    /** The contender. */
    @Param({"varve-channel", "kafka-leader"})
    public String target;

    /** Size of the log in MiB. */
    @Param("256")
    public int logMiB;

    private final SplittableRandom random = new SplittableRandom(1);
    private AppendTarget log;
    private int batches;

    /** Fills a log. */
    @Setup
    public void open() {
        log = Contenders.open(target, createScratch(), segmentBytes());
        batches = fill(log, RECORD_BYTES, BATCH_RECORDS, (long) logMiB << 20);
    }

    /** Closes it. */
    @TearDown
    public void close() {
        log.close();
        deleteScratch();
    }

    /** One lookup. */
    @Benchmark
    public long lookUp() {
        return ((TimeIndexed) log).firstAtOrAfter(Batches.FIRST_TIMESTAMP_MS + random.nextInt(batches));
    }
}
