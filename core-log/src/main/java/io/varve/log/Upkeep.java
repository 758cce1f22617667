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

    private final CommitLog log;
    private final InstantSource clock;

    private long unflushedSinceMs = -1;
    private long lastRetentionMs;
    private long lastRestMs;

    Upkeep(CommitLog log, InstantSource clock) {
        this.log = log;
        this.clock = clock;
        this.lastRetentionMs = clock.millis();
        this.lastRestMs = lastRetentionMs;
    }

    @Override
    public int doWork() {
        if (log.isClosed() || log.isFailed()) {
            return 0;
        }
        long nowMs = clock.millis();
        int done = 0;
        log.prepareAhead();
        try {
            // Deleting first: it makes the room that the rest may need.
            done += deleteWhenDue(nowMs);
            done += flushWhenDue(nowMs);
            done += log.rollWhenAged(nowMs) ? 1 : 0;
            done += log.sealRolled();
            if (log.isCheckpointDue()) {
                log.checkpoint(0);
                done++;
            }
            done += log.prepareNext() ? 1 : 0;
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
            log.rest();
        }
        if (nowMs - lastRetentionMs < log.config().retentionCheckMs()) {
            return 0;
        }
        lastRetentionMs = nowMs;
        int deleted = log.applyRetention(nowMs);
        log.restoreReserve();
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
        boolean byBytes = policy.everyBytes() != Long.MAX_VALUE && log.unflushedBytes() >= policy.everyBytes();
        if (byBytes || nowMs - unflushedSinceMs >= policy.everyMs()) {
            log.flush();
            unflushedSinceMs = -1;
            return 1;
        }
        return 0;
    }
}
