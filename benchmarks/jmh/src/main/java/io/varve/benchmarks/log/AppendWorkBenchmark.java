// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What of an append is the log's own work: the same append on a storage that drops what is written, and the checksum alone.
 *
 * <pre>java -jar benchmarks/jmh/target/benchmarks.jar AppendWorkBenchmark -p batchRecords=1,100 -f 3</pre>
 */
public class AppendWorkBenchmark extends LogBenchmark {

    /** Bytes of a record's value. */
    @Param("100")
    public int recordBytes;

    /** Records in a batch. */
    @Param({"1", "100"})
    public int batchRecords;

    private ByteBuffer batch;
    private CommitLog log;

    /** Opens a log that keeps nothing but its index. */
    @Setup
    public void open() {
        batch = Batches.direct(recordBytes, batchRecords);
        log = CommitLog.open(
                new Dropping(),
                LogConfig.builder()
                        .segmentBytes(segmentBytes())
                        .recoveryBytes(segmentBytes())
                        .build());
    }

    /** Closes it. */
    @TearDown
    public void close() {
        log.close();
    }

    /** One append. */
    @Benchmark
    public long append() {
        return log.append(batch.rewind(), Batches.EPOCH);
    }

    /** The checksum of one batch. */
    @Benchmark
    public int checksum() {
        return BatchDescriptor.computedCrc(batch, 0, batch.limit());
    }

    /** Drops the contents of segments, and everything of a file that is deleted. */
    private static final class Dropping implements Storage {

        private final MemoryStorage small = new MemoryStorage();

        @Override
        public StorageFile open(String name) {
            return name.endsWith(".log") ? new DroppingFile() : small.open(name);
        }

        @Override
        public void prepare(String name, long sizeBytes) {
            small.prepare(name, sizeBytes);
        }

        @Override
        public boolean exists(String name) {
            return small.exists(name);
        }

        @Override
        public List<String> names() {
            return small.names();
        }

        @Override
        public void rename(String from, String to) {
            small.rename(from, to);
        }

        @Override
        public void delete(String name) {
            small.delete(name);
        }

        @Override
        public void force() {
            small.force();
        }
    }

    private static final class DroppingFile implements StorageFile {

        private long sizeBytes;

        @Override
        public long sizeBytes() {
            return sizeBytes;
        }

        @Override
        public long lastModifiedMs() {
            return 0;
        }

        @Override
        public int read(ByteBuffer target, long position) {
            return 0;
        }

        @Override
        public void write(ByteBuffer source, long position) {
            sizeBytes = position + source.remaining();
            source.position(source.limit());
        }

        @Override
        public void truncate(long sizeBytes) {
            this.sizeBytes = sizeBytes;
        }

        @Override
        public void force() {
            // Nothing is kept.
        }

        @Override
        public @Nullable FileChannel channel() {
            return null;
        }

        @Override
        public void close() {
            // Nothing is kept.
        }
    }
}
