// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.quickstart;

import io.varve.log.CommitLog;
import io.varve.log.FlushPolicy;
import io.varve.log.LogConfig;
import io.varve.log.LogListener;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Many threads append and each waits until its record is durable; those that wait at the same time share one flush.
 *
 * <p>Threading: confined to one thread, which starts the others.
 */
public final class GroupCommit {

    private static final int PRODUCERS = 8;
    private static final int RECORDS_EACH = 100;

    private final PrintStream out;

    GroupCommit(PrintStream out) {
        this.out = out;
    }

    /** Runs the example in the directory {@code data/payments}, or in the one that is given. */
    public static void main(String[] arguments) throws InterruptedException {
        new GroupCommit(System.out).run(Path.of(arguments.length == 0 ? "data/payments" : arguments[0]));
    }

    void run(Path directory) throws InterruptedException {
        FlushCounter flushes = new FlushCounter();
        LogConfig config = LogConfig.builder()
                .flushPolicy(FlushPolicy.groupCommit(Duration.ofMillis(2), 1 << 20)) // whichever comes first
                .listener(flushes)
                .build();
        try (CommitLog log = CommitLog.open(directory, config)) {
            List<Thread> producers = new ArrayList<>();
            for (int i = 0; i < PRODUCERS; i++) {
                producers.add(new Thread(() -> produce(log), "producer-" + i));
            }
            producers.forEach(Thread::start);
            for (Thread producer : producers) {
                producer.join();
            }
            out.println("durable below " + log.flushedOffset() + " of " + log.endOffset());
            out.println("fewer flushes than records: " + (flushes.offsets.size() < log.endOffset()));
        }
    }

    private void produce(CommitLog log) {
        try {
            for (int i = 0; i < RECORDS_EACH; i++) {
                long offset = log.append(("payment " + i).getBytes(StandardCharsets.UTF_8));
                log.awaitDurable(offset + 1); // only now may the customer be told
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Counts how often the disk was asked. */
    private static final class FlushCounter implements LogListener {

        private final Set<Long> offsets = ConcurrentHashMap.newKeySet();

        @Override
        public void onFlush(long flushedOffset) {
            offsets.add(flushedOffset); // those who share a flush are all told of it
        }
    }
}
