// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Average time of finding the batch that holds a random offset, and reading it. Chronicle Queue maps a file again whenever a tailer
 * comes back to its cycle, and is given the index of the excerpt.
 *
 * <pre>java -jar benchmarks/jmh/target/benchmarks.jar OffsetLookupBenchmark -p target=varve-channel</pre>
 */
public class OffsetLookupBenchmark extends LogBenchmark {

    private static final int RECORD_BYTES = 100;
    private static final int BATCH_RECORDS = 10;

    /** The contender. */
    @Param({"varve-channel", "kafka-leader", "chronicle-queue"})
    public String target;

    /** Size of the log in MiB. */
    @Param("256")
    public int logMiB;

    private final SplittableRandom random = new SplittableRandom(1);
    private AppendTarget log;
    private ReadSource source;
    private long endOffset;

    /** Fills a log. */
    @Setup
    public void open() {
        log = Contenders.open(target, createScratch(), segmentBytes());
        int batches = fill(log, RECORD_BYTES, BATCH_RECORDS, (long) logMiB << 20);
        endOffset = (long) batches * BATCH_RECORDS;
        source = log.read(1);
    }

    /** Closes it. */
    @TearDown
    public void close() {
        source.close();
        log.close();
        deleteScratch();
    }

    /** One lookup. */
    @Benchmark
    public @Nullable ByteBuffer lookUp() {
        source.seek(random.nextLong(endOffset));
        return source.next();
    }
}
