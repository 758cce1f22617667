// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import java.time.Duration;

/**
 * How much of the past a log keeps. Whole segments go, oldest first, and never the active one unless all of it is too old.
 *
 * <p>Threading: immutable.
 *
 * @param retentionMs how long a segment is kept after its largest timestamp, milliseconds; -1 for ever. A timestamp in the future and
 *     an absent one pin nothing: then the time of the last write counts
 * @param retentionBytes how many bytes are kept at least, 0 and more; -1 without a bound
 */
public record RetentionPolicy(long retentionMs, long retentionBytes) {

    /** Keeps everything. */
    public static final RetentionPolicy FOREVER = new RetentionPolicy(-1, -1);

    /**
     * Checks the values.
     *
     * @param retentionMs as in the record
     * @param retentionBytes as in the record
     * @throws IllegalArgumentException when one is below -1
     */
    public RetentionPolicy {
        if (retentionMs < -1 || retentionBytes < -1) {
            throw new IllegalArgumentException(
                    "retention out of range: retentionMs=" + retentionMs + ", retentionBytes=" + retentionBytes);
        }
    }

    /**
     * Keeps what is younger than {@code age}.
     *
     * @param age how long a segment is kept after its largest timestamp
     * @return the policy
     */
    public static RetentionPolicy keep(Duration age) {
        return new RetentionPolicy(age.toMillis(), -1);
    }

    /**
     * Keeps about the last {@code bytes} bytes.
     *
     * @param bytes how many bytes are kept at least
     * @return the policy
     */
    public static RetentionPolicy keepBytes(long bytes) {
        return new RetentionPolicy(-1, bytes);
    }
}
