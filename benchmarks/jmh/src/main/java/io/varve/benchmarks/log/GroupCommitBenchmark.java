// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.CommitLog;
import io.varve.log.FlushPolicy;
import io.varve.log.LogConfig;
import io.varve.log.RetentionPolicy;
import io.varve.log.job.JobRunner;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Batches of 1 MiB in a second: acknowledged when they are durable, by group commit with a few batches under way, and acknowledged when
 * the operating system has them. The second runs for as long as the system's own writing back takes part; both end on the same disk, so
 * {@code dir} should be on a real one.
 *
 * <pre>java -jar benchmarks/jmh/target/benchmarks.jar GroupCommitBenchmark -w 10 -r 20</pre>
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class GroupCommitBenchmark extends LogBenchmark {

    private static final int RECORDS = 1000;
    private static final int RECORD_BYTES = 1030;
    private static final int UNDER_WAY = 16;

    /** When a batch is acknowledged. */
    @Param({"operating-system", "group-commit"})
    public String policy;

    private final ByteBuffer batch = Batches.direct(RECORD_BYTES, RECORDS);
    private final Queue<CompletableFuture<Long>> unacknowledged = new ArrayDeque<>();
    private CommitLog log;
    private JobRunner upkeep;
    private boolean durable;

    /** Opens an empty log. */
    @Setup
    public void open() {
        durable = policy.equals("group-commit");
        LogConfig config = LogConfig.builder()
                .segmentBytes(segmentBytes())
                .retention(RetentionPolicy.keepBytes(4L * segmentBytes()))
                .retentionCheck(Duration.ofMillis(100))
                .flushPolicy(
                        durable ? FlushPolicy.groupCommit(Duration.ofMillis(1), 1 << 20) : FlushPolicy.OPERATING_SYSTEM)
                .build();
        log = CommitLog.open(createScratch(), config);
        upkeep = JobRunner.start("upkeep", Duration.ofMillis(1), (job, failure) -> log.close())
                .add(log.upkeep());
    }

    /** Waits for what is under way, and closes it. */
    @TearDown
    public void close() {
        unacknowledged.forEach(CompletableFuture::join);
        unacknowledged.clear();
        upkeep.close();
        log.close();
        deleteScratch();
    }

    /** One batch appended and, with group commit, one acknowledged. */
    @Benchmark
    public long append() {
        long baseOffset = log.append(batch.rewind(), Batches.EPOCH);
        if (durable) {
            unacknowledged.add(log.whenDurable(baseOffset + RECORDS));
            if (unacknowledged.size() > UNDER_WAY) {
                unacknowledged.remove().join();
            }
        }
        return baseOffset;
    }
}
