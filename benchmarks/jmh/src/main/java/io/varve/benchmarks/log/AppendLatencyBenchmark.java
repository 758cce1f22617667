// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Percentiles of the time of an append, every one of them taken, the deletion of old segments left out.
 *
 * <p>One thread appends as fast as it can, so this is the time that an append takes, not the time a queue of them would wait. The
 * average that JMH prints beside the percentiles contains the two readings of the clock.
 *
 * <pre>java -jar benchmarks/jmh/target/benchmarks.jar AppendLatencyBenchmark -p target=varve-channel -p batchRecords=1</pre>
 */
public class AppendLatencyBenchmark extends LogBenchmark {

    /** The contender. */
    @Param({
        "varve-channel",
        "varve-mapped",
        "kafka-leader",
        "kafka-follower",
        "chronicle-queue",
        "file-channel",
        "mapped-buffer"
    })
    public String target;

    /** Bytes of a record's value. */
    @Param({"100", "1024"})
    public int recordBytes;

    /** Records in a batch. */
    @Param({"1", "10", "100", "1000"})
    public int batchRecords;

    private Appender appender;

    /** Opens an empty log. */
    @Setup
    public void open() {
        appender = new Appender(target, createScratch(), segmentBytes(), Batches.direct(recordBytes, batchRecords));
    }

    /** Closes it. */
    @TearDown
    public void close() {
        appender.close();
        deleteScratch();
    }

    /** One append. */
    @Benchmark
    public long append(Percentiles percentiles) {
        long startNs = System.nanoTime();
        long baseOffset = appender.append();
        percentiles.record(System.nanoTime() - startNs);
        appender.deleteWhenDue();
        return baseOffset;
    }
}
