// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import org.jspecify.annotations.Nullable;

/**
 * The file of a segment, opened when somebody first needs it and closed when nobody has for a while, so that the descriptors of a log
 * follow its use and not its length.
 *
 * <p>Threading: safe.
 */
final class SegmentFile {

    /** A step of upkeep may take as long as a flush does, and many without one have passed meanwhile. */
    private static final long AHEAD_STEPS = 16;

    private static final long MIN_AHEAD_BYTES = 256 << 10;
    private static final long MAX_AHEAD_BYTES = 16 << 20;

    private final Storage storage;
    private final String name;

    @GuardedBy("this")
    private int holds;

    @GuardedBy("this")
    private boolean used;

    @GuardedBy("this")
    private boolean retired;

    private volatile @Nullable StorageFile file;

    // Of the thread that prepares.
    private long preparedAt;

    SegmentFile(Storage storage, String name) {
        this.storage = storage;
        this.name = name;
    }

    String name() {
        return name;
    }

    /** Keeps the file open until {@link #release}; false when it is retired. */
    synchronized boolean hold() {
        if (retired) {
            return false;
        }
        if (file == null) {
            file = storage.open(name);
        }
        holds++;
        used = true;
        return true;
    }

    synchronized void release() {
        holds--;
        if (holds == 0 && retired) {
            close();
        }
    }

    /** The file; only for those who hold it. */
    StorageFile opened() {
        StorageFile current = file;
        if (current == null) {
            throw new IllegalStateException("the file is not held: file=" + name);
        }
        return current;
    }

    /** Lets the storage make the next writes cheap; for who holds the file. See {@link Segment#prepareAhead}. */
    void prepareAhead(long position) {
        long written = position - preparedAt;
        if (written != 0) {
            preparedAt = position;
            opened().prepare(position, Math.max(MIN_AHEAD_BYTES, Math.min(AHEAD_STEPS * written, MAX_AHEAD_BYTES)));
        }
    }

    /** Closes the file as soon as nobody holds it, for ever. */
    synchronized void retire() {
        retired = true;
        if (holds == 0) {
            close();
        }
    }

    /** Closes the file when nobody holds it nor has since the last call; whether it did. */
    synchronized boolean rest() {
        boolean idle = holds == 0 && !used;
        used = false;
        if (idle) {
            close();
        }
        return idle;
    }

    /** Closes the file when nobody holds it, so that the next one to hold it opens it anew. */
    synchronized void letGo() {
        if (holds == 0) {
            close();
        }
    }

    @GuardedBy("this")
    private void close() {
        StorageFile current = file;
        file = null;
        if (current != null) {
            current.close();
        }
    }
}
