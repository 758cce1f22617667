// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Time of opening a log that its process left without closing it, by size of the log; the files are in the page cache. Every opening
 * gets a fresh copy of the files.
 *
 * <p>Kafka begins where its checkpoint says: at best the active segment ({@code kafka-leader}), at worst the start of the log ({@code
 * kafka-no-checkpoint}). Its checkpoint is up to a minute old, so that the truth lies between. Chronicle Queue is not here because it
 * checks nothing when it opens.
 *
 * <pre>java -jar benchmarks/jmh/target/benchmarks.jar RecoveryBenchmark -p target=varve-channel</pre>
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
public class RecoveryBenchmark extends LogBenchmark {

    private static final int RECORD_BYTES = 100;
    private static final int BATCH_RECORDS = 10;

    /** The contender. */
    @Param({"varve-channel", "kafka-leader", "kafka-no-checkpoint"})
    public String target;

    /** Size of the log in MiB. */
    @Param({"64", "256", "1024"})
    public int logMiB;

    private Path image;
    private Path copy;
    private @Nullable AppendTarget recovered;
    private long endOffset;

    /** Fills a log and copies its files before it is closed. */
    @Setup(Level.Trial)
    public void makeImage() {
        image = createScratch();
        Path original = Scratch.create(dir);
        try (AppendTarget log = Contenders.open(target, original, segmentBytes())) {
            endOffset = (long) fill(log, RECORD_BYTES, BATCH_RECORDS, (long) logMiB << 20) * BATCH_RECORDS;
            Scratch.copy(original, image);
        }
        Scratch.delete(original);
    }

    /** Puts the files where they are opened. */
    @Setup(Level.Invocation)
    public void copyImage() {
        copy = Scratch.create(dir);
        Scratch.copy(image, copy);
    }

    /** Sees that nothing was lost, and removes the files. */
    @TearDown(Level.Invocation)
    public void checkAndDelete() {
        ByteBuffer batch = Batches.direct(RECORD_BYTES, BATCH_RECORDS);
        AppendTarget log = Objects.requireNonNull(recovered);
        long offset = log.append(batch);
        log.close();
        Scratch.delete(copy);
        if (offset != endOffset) {
            throw new IllegalStateException("not recovered: endOffset=" + offset + ", expected=" + endOffset);
        }
    }

    /** Removes the copy that all others were made from. */
    @TearDown(Level.Trial)
    public void deleteImage() {
        deleteScratch();
    }

    /** One opening. */
    @Benchmark
    public Object open() {
        AppendTarget log = Contenders.open(target, copy, segmentBytes());
        recovered = log;
        return log;
    }
}
