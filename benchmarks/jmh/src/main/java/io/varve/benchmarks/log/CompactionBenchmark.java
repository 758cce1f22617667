// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.Compression;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.compact.CompactionPolicy;
import io.varve.log.job.Job;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Speed of compacting a log of which all is new, in MiB of records in a second, by compression and by whether the keys fit into memory;
 * the files are in the page cache. Every compaction gets a fresh copy of the files.
 *
 * <pre>java -jar benchmarks/jmh/target/benchmarks.jar CompactionBenchmark</pre>
 *
 * <p>Threading: confined to the thread of the benchmark.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class CompactionBenchmark extends LogBenchmark {

    private static final int RECORD_BYTES = 200;
    private static final int BATCH_RECORDS = 50;
    private static final int LOG_MIB = 256;

    /** How the records are compressed. */
    @Param({"NONE", "LZ4", "ZSTD"})
    public Compression compression;

    /** Number of keys, of which each record has a random one. */
    @Param("200000")
    public int keys;

    /** Memory for keys, in KiB: 16 MiB holds all keys of the default, 1 MiB does not. */
    @Param({"16384", "1024"})
    public int memoryKiB;

    private Path image;
    private Path copy;
    private @Nullable CommitLog log;
    private long logBytes;

    private LogConfig config() {
        return LogConfig.builder()
                .segmentBytes(segmentBytes())
                .compaction(CompactionPolicy.builder()
                        .minDirtyRatio(0)
                        .memoryBytes(memoryKiB << 10)
                        .build())
                .build();
    }

    /** Fills a log. */
    @Setup(Level.Trial)
    public void makeImage() {
        image = createScratch();
        Random random = new Random(1);
        byte[] value = new byte[RECORD_BYTES];
        try (CommitLog filled = CommitLog.open(image, config())) {
            for (long bytes = 0; bytes < (long) LOG_MIB << 20; bytes += (long) RECORD_BYTES * BATCH_RECORDS) {
                BatchBuilder batch = new BatchBuilder().compression(compression);
                for (int i = 0; i < BATCH_RECORDS; i++) {
                    ByteBuffer key = ByteBuffer.allocate(Long.BYTES).putLong(0, random.nextInt(keys));
                    random.nextBytes(value);
                    // Half of it can be compressed.
                    Arrays.fill(value, RECORD_BYTES / 2, RECORD_BYTES, (byte) i);
                    batch.add(Batches.FIRST_TIMESTAMP_MS, key, ByteBuffer.wrap(value), List.of());
                }
                filled.append(batch);
            }
            logBytes = filled.sizeBytes();
        }
    }

    /** Puts the files where they are compacted. */
    @Setup(Level.Invocation)
    public void copyImage() {
        copy = Scratch.create(dir);
        Scratch.copy(image, copy);
        log = CommitLog.open(copy, config());
    }

    /** Sees that something was compacted, and removes the files. */
    @TearDown(Level.Invocation)
    public void checkAndDelete() {
        CommitLog compacted = Objects.requireNonNull(log);
        boolean done = compacted.compactedOffset() > 0 && compacted.sizeBytes() < logBytes / 2;
        compacted.close();
        Scratch.delete(copy);
        if (!done) {
            throw new IllegalStateException("not compacted: sizeBytes=" + compacted.sizeBytes() + " of " + logBytes);
        }
    }

    /** One compaction. */
    @Benchmark
    @OperationsPerInvocation(LOG_MIB)
    public long compact() {
        Job job = Objects.requireNonNull(log).compaction(CompactionOwner.NONE);
        long moved = 0;
        for (int bytes = job.doWork(); bytes > 0; bytes = job.doWork()) {
            moved += bytes;
        }
        return moved;
    }
}
