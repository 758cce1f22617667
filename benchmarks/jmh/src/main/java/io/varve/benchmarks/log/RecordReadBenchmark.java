// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Average time per record of reading a whole log record by record, for the logs that know records: a byte of every value is looked at.
 *
 * <pre>java -jar benchmarks/jmh/target/benchmarks.jar RecordReadBenchmark -p target=varve-channel -p batchRecords=100</pre>
 */
public class RecordReadBenchmark extends LogBenchmark {

    /** The contender. */
    @Param({"varve-channel", "kafka-leader"})
    public String target;

    /** Bytes of a record's value. */
    @Param({"100", "1024"})
    public int recordBytes;

    /** Records in a batch. */
    @Param({"1", "10", "100", "1000"})
    public int batchRecords;

    /** Size of the log in MiB. */
    @Param("256")
    public int logMiB;

    private AppendTarget log;
    private RecordSource source;

    /** Fills a log. */
    @Setup
    public void open() {
        log = Contenders.open(target, createScratch(), segmentBytes());
        fill(log, recordBytes, batchRecords, (long) logMiB << 20);
        source = ((RecordReadable) log).readRecords();
    }

    /** Closes it. */
    @TearDown
    public void close() {
        source.close();
        log.close();
        deleteScratch();
    }

    /** The next record, or the first after the last. */
    @Benchmark
    public int next() {
        int first = source.next();
        if (first < 0) {
            source.close();
            source = ((RecordReadable) log).readRecords();
            first = source.next();
        }
        return first;
    }
}
