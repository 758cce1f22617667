// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.job.Job;
import io.varve.log.storage.OutOfSpaceException;
import java.time.InstantSource;

/**
 * Decides what a log needs besides appends, and when.
 *
 * <p>Threading: stepped by one thread at a time.
 */
final class Upkeep implements Job {

    private static final long REST_MS = 60_000;

    private final LogState log;
    private final LogParts parts;
    private final LogFlusher flusher;
    private final LogAppender appender;
    private final LogDeletion deletion;
    private final InstantSource clock;

    private long unflushedSinceMs = -1;
    private long lastRetentionMs;
    private long lastRestMs;

    Upkeep(LogState log, LogParts parts, LogFlusher flusher, LogAppender appender, LogDeletion deletion) {
        this.log = log;
        this.parts = parts;
        this.flusher = flusher;
        this.appender = appender;
        this.deletion = deletion;
        this.clock = log.clock();
        this.lastRetentionMs = clock.millis();
        this.lastRestMs = lastRetentionMs;
    }

    @Override
    public int doWork() {
        if (!log.isWritable()) {
            return 0;
        }
        long nowMs = clock.millis();
        int done = 0;
        appender.prepareAhead();
        try {
            // Deleting first: it makes the room that the rest may need.
            done += deleteWhenDue(nowMs);
            done += flushWhenDue(nowMs);
            done += appender.rollWhenAged(nowMs) ? 1 : 0;
            done += flusher.sealRolled();
            if (flusher.isCheckpointDue()) {
                flusher.checkpoint(0);
                done++;
            }
            done += appender.prepareNext() ? 1 : 0;
        } catch (OutOfSpaceException e) {
            // Nothing is lost and nothing is marked as done: the next step tries again, and appends say that the disk
            // is full.
            return 0;
        }
        return done;
    }

    private int deleteWhenDue(long nowMs) {
        if (nowMs - lastRestMs >= REST_MS) {
            lastRestMs = nowMs;
            parts.segments().rest();
        }
        if (nowMs - lastRetentionMs < log.config().retentionCheckMs()) {
            return 0;
        }
        lastRetentionMs = nowMs;
        int deleted = deletion.applyRetention(nowMs);
        parts.reserve().restore();
        return deleted;
    }

    private int flushWhenDue(long nowMs) {
        FlushPolicy policy = log.config().flushPolicy();
        if (log.endOffset() == log.flushedOffset()) {
            unflushedSinceMs = -1;
            return 0;
        }
        if (unflushedSinceMs < 0) {
            unflushedSinceMs = nowMs;
        }
        boolean byBytes = policy.everyBytes() != Long.MAX_VALUE && flusher.unflushedBytes() >= policy.everyBytes();
        if (byBytes || nowMs - unflushedSinceMs >= policy.everyMs()) {
            flusher.flush();
            unflushedSinceMs = -1;
            return 1;
        }
        return 0;
    }
}
