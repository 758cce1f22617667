// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.InvalidBatchException;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.compact.CompactionPolicy;
import io.varve.log.compact.Throttle;
import io.varve.log.job.Job;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a log is compacted and up to where, and steps the run.
 *
 * <p>Threading: stepped by one thread at a time.
 */
final class CompactionJob implements Job {

    /** How long it waits for space on a full disk. */
    private static final long FULL_DISK_REST_MS = 15_000;

    private final CommitLog log;
    private final Storage storage;
    private final InstantSource clock;
    private final CompactionOwner owner;
    private final CompactionState state;
    private final Object lock;

    private @Nullable CompactionRun run;
    private @Nullable CompactionPolicy policy;
    private Throttle throttle = new Throttle(Long.MAX_VALUE, 0);
    private long restUntilMs = Long.MIN_VALUE;

    /**
     * @param lock what closing the log takes, too, so that no step is under way then
     */
    CompactionJob(CommitLog log, Storage storage, InstantSource clock, CompactionOwner owner, Object lock) {
        this.log = log;
        this.storage = storage;
        this.clock = clock;
        this.owner = owner;
        this.state = log.compactionState();
        this.lock = lock;
    }

    @Override
    public int doWork() {
        synchronized (lock) {
            long nowMs = clock.millis();
            if (log.isClosed() || log.isFailed()) {
                run = null;
                state.running(false);
                return 0;
            }
            CompactionPolicy wanted = log.config().compaction();
            if (wanted != policy) {
                adopt(wanted, nowMs);
            }
            if (wanted == null
                    || state.stopReason() != null
                    || nowMs < restUntilMs
                    || throttle.availableBytes(nowMs) == 0) {
                return 0;
            }
            return guarded(wanted, nowMs);
        }
    }

    /** Another policy begins anew, even where an earlier run was stopped. */
    private void adopt(@Nullable CompactionPolicy wanted, long nowMs) {
        drop();
        policy = wanted;
        state.stopped(null);
        throttle = new Throttle(wanted == null ? Long.MAX_VALUE : wanted.bytesPerSecond(), nowMs);
    }

    private int guarded(CompactionPolicy wanted, long nowMs) {
        try {
            CompactionRun current = run;
            if (current == null) {
                current = begin(wanted, nowMs);
                run = current;
                state.running(current != null);
            }
            return current == null ? 0 : step(current, nowMs);
        } catch (OutOfSpaceException e) {
            // Nothing is lost: the log is as it was, and a later run may find space.
            restUntilMs = nowMs + FULL_DISK_REST_MS;
            drop();
        } catch (StorageException e) {
            stop(e);
        } catch (InvalidBatchException | CorruptLogException | IllegalStateException e) {
            CompactionRun current = run;
            if (current != null && current.isOvertaken()) {
                drop();
            } else {
                stop(e);
            }
        } catch (RuntimeException e) {
            drop();
            throw e;
        }
        return 0;
    }

    private int step(CompactionRun current, long nowMs) {
        int bytes = current.step();
        throttle.spend(bytes, nowMs);
        if (current.isDone()) {
            drop();
            if (current.isComplete()) {
                log.config().listener().onCompact(current.endOffset());
            }
        }
        return bytes;
    }

    /** What cannot be compacted stops the compaction of this log and nothing else. */
    private void stop(RuntimeException reason) {
        CompactionRun current = run;
        long offset = current == null ? state.compactedOffset() : current.offset();
        drop();
        if (!log.isFailed()) {
            String text = String.valueOf(reason.getMessage());
            state.stopped(text);
            log.config().listener().onCompactionStopped(offset, text);
        }
    }

    private void drop() {
        CompactionRun current = run;
        run = null;
        state.running(false);
        if (current != null && (log.isFailed() || log.isClosed())) {
            current.abandon();
        } else if (current != null) {
            current.close();
        }
    }

    /** A run over the sealed segments below the limit, null when it is not worth while. */
    private @Nullable CompactionRun begin(CompactionPolicy wanted, long nowMs) {
        log.sealRolled();
        long generation = log.generation();
        List<Segment> all = log.segments();
        long limitOffset = Math.min(owner.limitOffset(), log.flushedOffset());
        long compactedOffset = state.compactedOffset();
        List<Segment> range = new ArrayList<>();
        int firstDirty = -1;
        long endOffset = 0;
        long cleanBytes = 0;
        long dirtyBytes = 0;
        for (int i = 0; i + 1 < all.size(); i++) {
            Segment segment = all.get(i);
            long nextOffset = all.get(i + 1).baseOffset();
            boolean dirty = nextOffset > compactedOffset;
            if (!segment.isSealed()
                    || nextOffset > limitOffset
                    || (dirty && wanted.minLagMs() > 0 && segment.maxTimestampMs() > nowMs - wanted.minLagMs())) {
                break;
            }
            if (dirty) {
                firstDirty = firstDirty < 0 ? i : firstDirty;
                dirtyBytes += segment.sizeBytes();
            } else {
                cleanBytes += segment.sizeBytes();
            }
            range.add(segment);
            endOffset = nextOffset;
        }
        if (firstDirty < 0 || log.hasChangedSince(generation)) {
            return null;
        }
        boolean due = dirtyBytes > wanted.minDirtyRatio() * (cleanBytes + dirtyBytes)
                || log.isOlderThan(range.get(firstDirty), nowMs, wanted.maxLagMs());
        return due
                ? new CompactionRun(
                        log,
                        storage,
                        new CompactionRun.Plan(range, firstDirty, endOffset, nowMs, generation),
                        wanted,
                        owner)
                : null;
    }
}
