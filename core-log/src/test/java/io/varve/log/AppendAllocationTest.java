// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An append makes no garbage, compiled or not. */
class AppendAllocationTest {

    private static final int APPENDS = 20_000;
    private static final int ROUNDS = 2;

    @ParameterizedTest
    @EnumSource(value = Disk.class, mode = EnumSource.Mode.EXCLUDE, names = "MEMORY")
    void shouldAllocateNothingForAnAppend(Disk disk, @TempDir Path directory) {
        assumeTrue(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean, "allocation can be counted");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        ByteBuffer heap = Batches.batch("x".repeat(100), 1);
        ByteBuffer batch = ByteBuffer.allocateDirect(heap.remaining()).put(heap).flip();
        long least = Long.MAX_VALUE;
        // The first round loads classes.
        for (int round = 0; round < ROUNDS; round++) {
            try (CommitLog log = CommitLog.open(disk.open(directory.resolve("round-" + round)), LogConfig.defaults())) {
                long before =
                        threads.getThreadAllocatedBytes(Thread.currentThread().getId());
                for (int i = 0; i < APPENDS; i++) {
                    log.append(batch.rewind(), 0);
                }
                least = Math.min(
                        least,
                        threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before);
            }
        }
        // Less than a byte for each: what is left is the index, an object for every mebibyte of the log.
        assertThat(least).isLessThan(APPENDS);
    }
}
