// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import java.io.IOException;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * What those who work on an open log share: its bounds, whether it still takes changes, and the locks in which it is changed.
 *
 * <p>Threading: safe. What changes the log takes locks; what reads it takes none.
 */
final class LogState {

    // Locks are taken in this order, from the left, and any may be left out:
    //
    //     compaction, deletion, upkeep, the turn of a flush (in Durability), append, next segment or arrivals.

    /** A step of a compaction; closing waits for one. */
    final Object compactionLock = new Object();

    /** Deleting the files of segments that the log does not have any more, which a file system may take its time for. */
    final Object deletionLock = new Object();

    /** All that changes what is there: seals, checkpoints, deletion, truncation, swaps. */
    final Object upkeepLock = new Object();

    /** The end of the log, and which segments it has. */
    final Object appendLock = new Object();

    private final Storage storage;
    private final InstantSource clock;
    private final Segments segments;
    private final NextSegment nextSegment;
    private final Durability durability;
    private final Arrivals arrivals = new Arrivals();

    private volatile LogConfig config;
    private volatile long startOffset;
    private volatile long endOffset;
    private volatile long generation;
    private volatile boolean directoryChanged;
    private volatile @Nullable StorageException failure;
    private volatile boolean closed;

    @GuardedBy("appendLock")
    private long activeSinceMs;

    /**
     * @param parts what opening has found; the last segment is ready for appends
     * @param storedStart below it, exclusive, all has been deleted
     */
    LogState(LogParts parts, LogConfig config, InstantSource clock, long storedStart) {
        this.storage = parts.storage();
        this.clock = clock;
        this.segments = parts.segments();
        this.nextSegment = parts.nextSegment();
        this.config = config;
        this.startOffset = Math.max(storedStart, segments.first().baseOffset());
        this.endOffset = segments.active().endOffset();
        this.durability = new Durability(endOffset, this::endOffset, this::force);
        this.activeSinceMs = LogSearch.firstTimestampMs(segments.active()).orElse(clock.millis());
    }

    private void force() {
        segments.force(durability.flushedOffset());
        if (directoryChanged) {
            directoryChanged = false;
            storage.force();
        }
    }

    LogConfig config() {
        return config;
    }

    void reconfigure(LogConfig changed) {
        this.config = changed;
    }

    InstantSource clock() {
        return clock;
    }

    Durability durability() {
        return durability;
    }

    Arrivals arrivals() {
        return arrivals;
    }

    /** First offset that can be read. */
    long startOffset() {
        return startOffset;
    }

    /** Moves the start, in the lock of upkeep, before the segments go that end there. */
    void startOffset(long offset) {
        this.startOffset = offset;
    }

    /** Offset that the next record will get. */
    long endOffset() {
        return endOffset;
    }

    /** Moves the end; forwards, this publishes what was appended. */
    @GuardedBy("appendLock")
    void endOffset(long offset) {
        this.endOffset = offset;
    }

    long flushedOffset() {
        return durability.flushedOffset();
    }

    /** Changes before and after the end is moved back; odd in between. */
    long generation() {
        return generation;
    }

    /** Called before and after the end is moved back. */
    @GuardedBy("appendLock")
    void nextGeneration() {
        long next = generation + 1;
        generation = next;
    }

    /** Whether the end was being moved back at that generation or has been since: what was read meanwhile proves nothing. */
    boolean hasChangedSince(long seenGeneration) {
        requireOpen();
        return (seenGeneration & 1) == 1 || generation != seenGeneration;
    }

    /** Lets a new segment follow the active one. */
    @GuardedBy("appendLock")
    void roll() {
        directoryChanged = true;
        segments.add(nextSegment.create(endOffset, config));
        ageFromNow();
    }

    /** The age of the active segment counts from now on. */
    @GuardedBy("appendLock")
    void ageFromNow() {
        activeSinceMs = clock.millis();
    }

    /** How long something has stood in the active segment, milliseconds. */
    @GuardedBy("appendLock")
    long ageMs(long nowMs) {
        return nowMs - activeSinceMs;
    }

    /** Nothing changes the log any more but closing it; false when that was so before. */
    boolean close() {
        synchronized (appendLock) {
            if (closed) {
                return false;
            }
            closed = true;
            return true;
        }
    }

    boolean isClosed() {
        return closed;
    }

    boolean isFailed() {
        return failure != null;
    }

    /** Whether the log may be changed. */
    boolean isWritable() {
        return !closed && failure == null;
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the log is closed: storage=" + storage);
        }
    }

    void requireWritable() {
        requireOpen();
        StorageException earlier = failure;
        if (earlier != null) {
            String message = "the log has failed and must be opened again: storage=" + storage;
            throw new StorageException(message, new IOException(earlier));
        }
    }

    /** Runs what changes files: a full disk may have room later, any other failure is remembered. */
    void guarded(Runnable change) {
        try {
            change.run();
        } catch (OutOfSpaceException e) {
            throw e;
        } catch (StorageException e) {
            throw failed(e);
        }
    }

    /** The log refuses changes from here on, and who waits for it to be durable is told so; returns the reason, for callers that throw it. */
    StorageException failed(StorageException reason) {
        if (failure == null) {
            failure = reason;
        }
        durability.fail(reason);
        return reason;
    }
}
