// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.quickstart;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.LogListener;
import io.varve.log.RetentionPolicy;
import io.varve.log.job.Job;
import io.varve.log.job.JobRunner;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * Keeps about the last mebibyte of a log: the upkeep job deletes whole segments behind the appends.
 *
 * <p>Threading: confined to one thread, beside the thread of the job runner.
 */
public final class Retention {

    private final PrintStream out;

    Retention(PrintStream out) {
        this.out = out;
    }

    /** Runs the example in the directory {@code data/readings}, or in the one that is given. */
    public static void main(String[] arguments) throws InterruptedException {
        new Retention(System.out).run(Path.of(arguments.length == 0 ? "data/readings" : arguments[0]));
    }

    void run(Path directory) throws InterruptedException {
        CountDownLatch deleted = new CountDownLatch(1);
        LogConfig config = LogConfig.builder()
                .segmentBytes(256 << 10) // what retention deletes at once
                .retention(RetentionPolicy.keepBytes(1 << 20))
                .retentionCheck(Duration.ofMillis(10)) // five minutes when nothing is said
                .listener(new LogListener() {
                    @Override
                    public void onDelete(long startOffset) {
                        deleted.countDown();
                    }
                })
                .build();
        try (CommitLog log = CommitLog.open(directory, config);
                JobRunner runner = JobRunner.start("upkeep", Duration.ofMillis(10), this::failed)) {
            runner.add(log.upkeep()); // one runner serves any number of logs
            byte[] reading = new byte[1000];
            for (int i = 0; i < 4000; i++) {
                log.append(reading);
            }
            deleted.await();
            out.println("deleted from the beginning: " + (log.startOffset() > 0));
            out.println("kept at least: " + (log.sizeBytes() >= 1 << 20));
        }
    }

    private void failed(Job job, RuntimeException failure) {
        out.println("upkeep failed: " + failure.getMessage());
    }
}
