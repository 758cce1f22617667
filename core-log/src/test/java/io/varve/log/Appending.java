// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchBuilder;
import io.varve.log.job.JobRunner;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;

/** The process that {@link CommitLogKillTest} kills: appends until then, and says what has been acknowledged. */
final class Appending {

    static final LogConfig CONFIG = LogConfig.builder()
            .segmentBytes(200_000)
            .recoveryBytes(100_000)
            .indexIntervalBytes(1000)
            .retention(RetentionPolicy.keepBytes(2_000_000))
            .retentionCheck(Duration.ofMillis(20))
            .build();
    static final String CURSOR = "acknowledged";

    private Appending() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        DataOutputStream acknowledged = new DataOutputStream(new BufferedOutputStream(System.out, 8));
        Random random = new Random(Long.parseLong(args[1]));
        try (CommitLog log = CommitLog.open(Path.of(args[0]), CONFIG);
                JobRunner runner = JobRunner.start("upkeep", Duration.ofMillis(1), (job, failure) -> {
                    failure.printStackTrace();
                })) {
            runner.add(log.upkeep());
            while (true) {
                int records = 1 + random.nextInt(5);
                long offset = log.append(batch(log.endOffset(), records), 0);
                acknowledged.writeLong(offset + records);
                acknowledged.flush();
                if (random.nextInt(50) == 0) {
                    log.commitCursor(CURSOR, offset);
                }
                if (random.nextInt(200) == 0) {
                    log.flush();
                }
            }
        }
    }

    private static ByteBuffer batch(long offset, int records) {
        BatchBuilder builder = new BatchBuilder();
        for (int i = 0; i < records; i++) {
            builder.add(System.currentTimeMillis(), null, Batches.bytes(value(offset + i)), List.of());
        }
        return builder.build();
    }

    /** What the record at an offset says. */
    static String value(long offset) {
        return offset + "-" + "x".repeat((int) (offset * 31 % 400));
    }
}
