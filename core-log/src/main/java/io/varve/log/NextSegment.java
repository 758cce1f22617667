// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.log.storage.Storage;

/**
 * The file for the segment behind the active one, made ready ahead of time, a step after the other.
 *
 * <p>Threading: safe. Only a roll waits for a step.
 */
final class NextSegment {

    /** What is prepared at a time: a few milliseconds of a disk. */
    private static final int STEP_BYTES = 8 << 20;

    /** How full a segment must be for the next one to be prepared: late for the logs that never get there, early for the busy. */
    private static final int FROM_FRACTION = 8;

    private final Storage storage;

    @GuardedBy("this")
    private long preparedBytes;

    @GuardedBy("this")
    private boolean closed;

    NextSegment(Storage storage) {
        this.storage = storage;
    }

    /** Makes a part of the file ready; false when all of it is or none is needed yet. */
    synchronized boolean prepare(long activeBytes, long wantedBytes) {
        if (closed || preparedBytes >= wantedBytes || activeBytes < wantedBytes / FROM_FRACTION) {
            return false;
        }
        long nextBytes = Math.min(preparedBytes + STEP_BYTES, wantedBytes);
        storage.prepare(LogFiles.PREPARED, nextBytes);
        preparedBytes = nextBytes;
        return true;
    }

    /** Makes the segment of whatever is ready: what is not costs the appends that come there, and not this one. */
    synchronized Segment create(long baseOffset, LogConfig config) {
        boolean prepared = preparedBytes > 0;
        preparedBytes = 0;
        return Segment.create(storage, baseOffset, config, prepared);
    }

    /** Deletes what was made ready, for good. */
    synchronized void delete() {
        closed = true;
        storage.delete(LogFiles.PREPARED);
    }
}
