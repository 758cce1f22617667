// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.broker.config.ConfigValues;
import io.varve.log.CommitLog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that compact the logs of the partitions, each one log at a time and to its end, so that the memory for keys is used as
 * often as there are threads.
 *
 * <p>Threading: safe.
 */
public final class CompactionThreads implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(CompactionThreads.class);

    /** How long a thread rests when the throttle lets nothing through, milliseconds. */
    private static final long THROTTLED_MS = 50;

    private final Partitions partitions;
    private final long restMs;
    private final List<Thread> threads = new ArrayList<>();

    @GuardedBy("this")
    private boolean closing;

    /** Starts {@code log.cleaner.threads} threads. */
    public CompactionThreads(Partitions partitions, ConfigValues values) {
        this.partitions = partitions;
        this.restMs = Math.max(1, values.longValue("log.cleaner.backoff.ms"));
        int count = values.booleanValue("log.cleaner.enable") ? values.intValue("log.cleaner.threads") : 0;
        for (int i = 0; i < count; i++) {
            Thread thread = new Thread(this::run, "varve-compaction-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    private void run() {
        while (rest(compactAll() ? 0 : restMs)) {
            // Until it is closed.
        }
    }

    /** Compacts every log that is due; whether there was one. */
    private boolean compactAll() {
        boolean worked = false;
        for (Partition partition : partitions.all()) {
            if (!partition.claimCompaction()) {
                continue;
            }
            try {
                worked |= compact(partition);
            } catch (RuntimeException e) {
                LOG.error("A log could not be compacted: partition={}", partition, e);
            } finally {
                partition.releaseCompaction();
            }
        }
        return worked;
    }

    private boolean compact(Partition partition) {
        CommitLog log = partition.log();
        long before = log.compactedOffset();
        boolean wasStopped = log.compactionStopReason().isPresent();
        long movedBytes = 0;
        long restMs = 0;
        while (rest(restMs)) {
            int bytes = partition.compact();
            if (bytes == 0 && !log.isCompacting()) {
                break;
            }
            movedBytes += bytes;
            restMs = bytes == 0 ? THROTTLED_MS : 0;
        }
        if (log.compactedOffset() > before) {
            LOG.info(
                    "Compacted: partition={}, compactedOffset={}, sizeBytes={}, movedBytes={}",
                    partition,
                    log.compactedOffset(),
                    log.sizeBytes(),
                    movedBytes);
        }
        if (!wasStopped) {
            log.compactionStopReason()
                    .ifPresent(reason -> LOG.warn(
                            "The log is served but not compacted any more, until its topic is reconfigured or the broker"
                                    + " restarted: partition={}, reason={}",
                            partition,
                            reason));
        }
        return movedBytes > 0;
    }

    /** Waits, and returns whether there is to be more work. */
    private synchronized boolean rest(long ms) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        try {
            for (long left = deadline - System.nanoTime(); left > 0 && !closing; left = deadline - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return !closing;
    }

    /** Stops the threads in the middle of what they do, which is dropped or finished when the logs are opened again. */
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
            notifyAll();
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
