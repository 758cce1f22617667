// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.quickstart;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.LogListener;
import io.varve.log.LogReader;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.compact.CompactionPolicy;
import io.varve.log.job.Job;
import io.varve.log.job.JobRunner;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * Keeps the last price of each article: the compaction job removes records that later ones with the same key supersede.
 *
 * <p>Threading: confined to one thread, beside the thread of the job runner.
 */
public final class Compaction {

    private final PrintStream out;

    Compaction(PrintStream out) {
        this.out = out;
    }

    /** Runs the example in the directory {@code data/prices}, or in the one that is given. */
    public static void main(String[] arguments) throws InterruptedException {
        new Compaction(System.out).run(Path.of(arguments.length == 0 ? "data/prices" : arguments[0]));
    }

    void run(Path directory) throws InterruptedException {
        CountDownLatch compacted = new CountDownLatch(1);
        LogConfig config = LogConfig.builder()
                .segmentBytes(16 << 10) // the last segment is never compacted
                .compaction(CompactionPolicy.builder().minDirtyRatio(0.1).build()) // one half when nothing is said
                .listener(new LogListener() {
                    @Override
                    public void onCompact(long compactedOffset) {
                        compacted.countDown();
                    }
                })
                .build();
        try (CommitLog log = CommitLog.open(directory, config);
                JobRunner runner = JobRunner.start("compaction", Duration.ofMillis(10), this::failed)) {
            for (int i = 0; i < 4000; i++) {
                log.append(new BatchBuilder().add(bytes("article " + i % 10), bytes("price " + i)));
            }
            log.flush(); // what is not durable is left alone
            runner.add(log.compaction(CompactionOwner.NONE)); // one such job for a log
            compacted.await();
            out.println("offsets end where they did: " + (log.endOffset() % 4000 == 0));
            out.println("fewer than 300 records are left: " + (count(log) < 300));
        }
    }

    private static int count(CommitLog log) {
        int count = 0;
        try (LogReader reader = log.readerAt(log.startOffset())) {
            while (reader.next()) {
                count++;
            }
        }
        return count;
    }

    private void failed(Job job, RuntimeException failure) {
        out.println("compaction failed: " + failure.getMessage());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
