// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import net.openhft.chronicle.bytes.BytesStore;
import net.openhft.chronicle.bytes.MappedBytes;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A copy of one batch of 100 B into a mapping that is populated, by the platform and by chronicle-bytes.
 *
 * <pre>java -jar benchmarks/jmh/target/benchmarks.jar MappingBenchmark -f 3</pre>
 */
public class MappingBenchmark extends LogBenchmark {

    private static final int MAPPED_BYTES = 64 << 20;

    private final ByteBuffer batch = Batches.direct(100, 1);
    private BytesStore<?, ?> store;
    private MappedByteBuffer platform;
    private MappedBytes chronicle;
    private int at;

    /** Maps two files, and writes to all of their pages. */
    @Setup
    public void map() throws IOException {
        Path directory = createScratch();
        store = BytesStore.wrap(batch);
        try (FileChannel channel = FileChannel.open(
                directory.resolve("platform"),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            platform = channel.map(FileChannel.MapMode.READ_WRITE, 0, MAPPED_BYTES);
        }
        chronicle = MappedBytes.mappedBytes(directory.resolve("chronicle").toFile(), MAPPED_BYTES);
        for (int page = 0; page < MAPPED_BYTES; page += 4096) {
            platform.put(page, (byte) 1);
            chronicle.writeByte(page, (byte) 1);
        }
    }

    /** Closes them. */
    @TearDown
    public void unmap() {
        chronicle.releaseLast();
        deleteScratch();
    }

    private int next() {
        at += batch.limit();
        if (at > MAPPED_BYTES - batch.limit()) {
            at = 0;
        }
        return at;
    }

    /** A copy by the platform. */
    @Benchmark
    public Object platform() {
        return platform.put(next(), batch, 0, batch.limit());
    }

    /** A copy by chronicle-bytes. */
    @Benchmark
    public Object chronicle() {
        return chronicle.write(next(), store, 0L, (long) batch.limit());
    }
}
