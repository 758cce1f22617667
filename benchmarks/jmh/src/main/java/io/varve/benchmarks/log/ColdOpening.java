// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.job.Job;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;

/**
 * One opening of a log by a process that has just started and does nothing else, and the log for it, as a process leaves it that is
 * killed. {@code benchmarks/compare/opening.sh} runs both.
 */
public final class ColdOpening {

    private static final int RECORD_BYTES = 10_000;
    private static final int BATCH_RECORDS = 10;

    /** Batches behind the last checkpoint, so that logs of all sizes have as much to be read again: 5 MB. */
    private static final int TAIL_BATCHES = 50;

    private ColdOpening() {}

    /**
     * Does what it is told.
     *
     * @param args {@code fill} or {@code open} or {@code open-again}, which opens and closes another log first; the directory; the size of
     *     a segment in MiB; to fill, the size of the log in MiB
     */
    public static void main(String[] args) {
        Path directory = Path.of(args[1]);
        LogConfig config = LogConfig.builder()
                .segmentBytes(Integer.parseInt(args[2]) << 20)
                .build();
        switch (args[0]) {
            case "fill" -> fill(directory, config, Long.parseLong(args[3]) << 20);
            case "open" -> open(directory, config);
            case "open-again" -> {
                CommitLog other = CommitLog.open(Path.of(directory + ".other"), config);
                other.append(new byte[RECORD_BYTES]);
                other.close();
                open(directory, config);
            }
            default -> throw new IllegalArgumentException("not a command: " + args[0]);
        }
    }

    private static void fill(Path directory, LogConfig config, long logBytes) {
        ByteBuffer batch = Batches.direct(RECORD_BYTES, BATCH_RECORDS);
        try (CommitLog log = CommitLog.open(directory, config)) {
            Job upkeep = log.upkeep();
            for (long bytes = 0; bytes < logBytes; bytes += batch.capacity()) {
                log.append(batch.clear(), 0);
                upkeep.doWork();
            }
        }
        CommitLog log = CommitLog.open(directory, config);
        for (int i = 0; i < TAIL_BATCHES; i++) {
            log.append(batch.clear(), 0);
        }
        // As if it were killed: nothing is closed.
        Runtime.getRuntime().halt(0);
    }

    private static void open(Path directory, LogConfig config) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long cpuBefore = threads.getCurrentThreadCpuTime();
        long before = System.nanoTime();
        CommitLog log = CommitLog.open(directory, config);
        long nanos = System.nanoTime() - before;
        long cpuNanos = threads.getCurrentThreadCpuTime() - cpuBefore;
        System.out.printf(
                Locale.ROOT,
                "%.2f ms, %.2f ms of them on the processor, segments=%d, scannedBytes=%d%n",
                nanos / 1e6,
                cpuNanos / 1e6,
                log.segmentCount(),
                log.recoveryReport().scannedBytes());
        log.close();
    }
}
