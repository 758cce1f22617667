// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * A closed loop: every session keeps a number of operations under way, and starts the next when one is answered. With one per session
 * that is what a synchronous client does.
 *
 * <p>Threading: operations are started and recorded on the sessions' own threads.
 */
final class Load {

    private static final int SIGNIFICANT_DIGITS = 3;
    private static final int DRAIN_TIMEOUT_S = 120;

    private final Sessions sessions;
    private final Operation operation;
    private final byte[] data;
    private final Recorder recorder = new Recorder(SIGNIFICANT_DIGITS);
    private final AtomicLong numbers = new AtomicLong();
    private final AtomicLong left;
    private final AtomicInteger failures = new AtomicInteger();
    private final CountDownLatch under;
    private volatile boolean running = true;

    private Load(Sessions sessions, Operation operation, int perSession, byte[] data, long most) {
        this.sessions = sessions;
        this.operation = operation;
        this.data = data;
        this.left = new AtomicLong(most);
        this.under = new CountDownLatch(sessions.count() * perSession);
        for (int i = 0; i < perSession; i++) {
            for (int session = 0; session < sessions.count(); session++) {
                next(session);
            }
        }
    }

    /**
     * What a load came to.
     *
     * @param perSecond operations answered in a second
     * @param p50Us half of the answers came within this many microseconds
     * @param p99Us 99 of 100 answers did
     */
    record Outcome(double perSecond, double p50Us, double p99Us) {}

    /** Runs for a while and measures for another. */
    static Outcome measure(
            Sessions sessions, Operation operation, int perSession, byte[] data, long warmUpMs, long measureMs)
            throws InterruptedException {
        Load load = new Load(sessions, operation, perSession, data, Long.MAX_VALUE);
        Thread.sleep(warmUpMs);
        load.recorder.reset();
        long startNs = System.nanoTime();
        Thread.sleep(measureMs);
        Histogram histogram = load.recorder.getIntervalHistogram();
        long elapsedNs = System.nanoTime() - startNs;
        load.finish();
        return new Outcome(
                histogram.getTotalCount() * 1e9 / elapsedNs,
                histogram.getValueAtPercentile(50) / 1e3,
                histogram.getValueAtPercentile(99) / 1e3);
    }

    /** Carries out a number of operations, as many per session under way as said. */
    static void run(Sessions sessions, Operation operation, int perSession, byte[] data, long count)
            throws InterruptedException {
        Load load = new Load(sessions, operation, perSession, data, count);
        load.under.await();
        load.finish();
    }

    private void next(int session) {
        if (!running || left.getAndDecrement() <= 0) {
            under.countDown();
            return;
        }
        long startNs = System.nanoTime();
        operation.start(sessions.client(session), sessions.node(session), numbers.getAndIncrement(), data, rc -> {
            if (rc == 0) {
                recorder.recordValue(System.nanoTime() - startNs);
            } else {
                failures.incrementAndGet();
            }
            next(session);
        });
    }

    private void finish() throws InterruptedException {
        running = false;
        if (!under.await(DRAIN_TIMEOUT_S, TimeUnit.SECONDS) || failures.get() > 0) {
            throw new IllegalStateException("the load failed: operation=" + operation + ", failures=" + failures
                    + ", unanswered=" + under.getCount());
        }
    }
}
