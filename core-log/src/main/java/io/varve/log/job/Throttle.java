// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.job;

/**
 * How many bytes may be moved now, so that in the long run it is no more than so many in a second. What is not used is saved for one
 * second at most; what is used beyond it is owed.
 *
 * <p>Threading: confined to one thread; time is handed in.
 */
public final class Throttle {

    private static final long SECOND_MS = 1000;

    /** So much is no bound, and its arithmetic stays within a long. */
    private static final long LARGEST_RATE = Long.MAX_VALUE / (4 * SECOND_MS);

    private final long bytesPerSecond;
    private long savedBytes;
    private long savedAtMs;

    /**
     * A throttle with one second's worth saved.
     *
     * @param bytesPerSecond 1 or more; {@link Long#MAX_VALUE} for no bound
     * @param nowMs the beginning, milliseconds of any clock
     */
    public Throttle(long bytesPerSecond, long nowMs) {
        if (bytesPerSecond < 1) {
            throw new IllegalArgumentException("out of range: bytesPerSecond=" + bytesPerSecond + ", smallest=1");
        }
        this.bytesPerSecond = Math.min(bytesPerSecond, LARGEST_RATE);
        this.savedBytes = this.bytesPerSecond;
        this.savedAtMs = nowMs;
    }

    /**
     * {@return bytes that may be moved now, 0 when it must rest}
     *
     * @param nowMs the time, milliseconds of the same clock
     */
    public long availableBytes(long nowMs) {
        save(nowMs);
        return Math.max(0, savedBytes);
    }

    /**
     * Takes note of bytes that were moved.
     *
     * @param bytes how many, which may be more than were available
     * @param nowMs the time, milliseconds of the same clock
     */
    public void spend(long bytes, long nowMs) {
        save(nowMs);
        savedBytes -= Math.min(bytes, Long.MAX_VALUE / 2);
    }

    /**
     * {@return milliseconds until at least one byte is available, 0 when one is}
     *
     * @param nowMs the time, milliseconds of the same clock
     */
    public long pauseMs(long nowMs) {
        save(nowMs);
        if (savedBytes > 0) {
            return 0;
        }
        long owedBytes = 1 - savedBytes;
        return owedBytes / bytesPerSecond * SECOND_MS
                + (owedBytes % bytesPerSecond * SECOND_MS + bytesPerSecond - 1) / bytesPerSecond;
    }

    /** Time that goes backwards saves nothing. */
    private void save(long nowMs) {
        if (nowMs <= savedAtMs) {
            savedAtMs = nowMs;
            return;
        }
        if (bytesPerSecond == LARGEST_RATE) {
            savedBytes = LARGEST_RATE;
            savedAtMs = nowMs;
            return;
        }
        long elapsedMs = nowMs - savedAtMs;
        long seconds = elapsedMs / SECOND_MS;
        // Whole seconds first: a debt may be larger than one second repays.
        long missing = bytesPerSecond - savedBytes;
        if (seconds > missing / bytesPerSecond) {
            savedBytes = bytesPerSecond;
            savedAtMs = nowMs;
            return;
        }
        long earned = seconds * bytesPerSecond + elapsedMs % SECOND_MS * bytesPerSecond / SECOND_MS;
        if (earned > 0) {
            savedBytes = Math.min(bytesPerSecond, savedBytes + earned);
            savedAtMs = nowMs;
        }
    }
}
