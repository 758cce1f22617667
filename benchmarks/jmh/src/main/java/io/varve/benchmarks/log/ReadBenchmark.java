// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Average time per batch of reading a whole log from its start, again and again, from the page cache.
 *
 * <pre>java -jar benchmarks/jmh/target/benchmarks.jar ReadBenchmark -p target=varve-channel -p batchRecords=100</pre>
 */
public class ReadBenchmark extends LogBenchmark {

    private static final int FETCH_BYTES = 1 << 20;

    /** The contender. */
    @Param({"varve-channel", "varve-mapped", "kafka-leader", "chronicle-queue", "file-channel", "mapped-buffer"})
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
    private ReadSource source;

    /** Fills a log. */
    @Setup
    public void open() {
        log = Contenders.open(target, createScratch(), segmentBytes());
        fill(log, recordBytes, batchRecords, (long) logMiB << 20);
        source = log.read(FETCH_BYTES);
    }

    /** Closes it. */
    @TearDown
    public void close() {
        source.close();
        log.close();
        deleteScratch();
    }

    /** The next batch, or the first after the last. */
    @Benchmark
    public ByteBuffer next() {
        ByteBuffer batch = source.next();
        if (batch == null) {
            source.seek(0);
            batch = source.next();
        }
        return Objects.requireNonNull(batch);
    }
}
