// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.InvalidBatchException;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.compact.CompactionPolicy;
import io.varve.log.job.Job;
import io.varve.log.job.Throttle;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.StorageException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a log is compacted and up to where, and steps the run.
 *
 * <p>Threading: stepped by one thread at a time.
 */
final class CompactionJob implements Job {

    /** How long it waits for space on a full disk. */
    private static final long FULL_DISK_REST_MS = 15_000;

    private final LogState log;
    private final LogParts parts;
    private final LogFlusher flusher;
    private final CompactedSegments compacted;
    private final CompactionOwner owner;
    private final CompactionState state;

    private @Nullable CompactionRun run;
    private @Nullable CompactionPolicy policy;
    private Throttle throttle = new Throttle(Long.MAX_VALUE, 0);
    private long restUntilMs = Long.MIN_VALUE;

    CompactionJob(
            LogState log, LogParts parts, LogFlusher flusher, CompactedSegments compacted, CompactionOwner owner) {
        this.log = log;
        this.parts = parts;
        this.flusher = flusher;
        this.compacted = compacted;
        this.owner = owner;
        this.state = parts.compaction();
    }

    @Override
    public int doWork() {
        // Closing the log takes the lock, too, so that no step is under way then.
        synchronized (log.compactionLock) {
            long nowMs = log.clock().millis();
            if (!log.isWritable()) {
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
        if (current != null && !log.isWritable()) {
            current.abandon();
        } else if (current != null) {
            current.close();
        }
    }

    /** A run over the sealed segments below the limit, null when it is not worth while. */
    private @Nullable CompactionRun begin(CompactionPolicy wanted, long nowMs) {
        flusher.sealRolled();
        long generation = log.generation();
        List<Segment> all = parts.segments().all();
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
                || isOlderThan(range.get(firstDirty), nowMs, wanted.maxLagMs());
        return due
                ? new CompactionRun(
                        compacted,
                        parts.storage(),
                        new CompactionRun.Plan(range, firstDirty, endOffset, nowMs, generation),
                        wanted,
                        owner)
                : null;
    }

    /** Whether the first record of a segment is older than so many milliseconds. */
    private static boolean isOlderThan(Segment segment, long nowMs, long ageMs) {
        if (ageMs == Long.MAX_VALUE) {
            return false;
        }
        OptionalLong firstMs = LogSearch.firstTimestampMs(segment);
        return firstMs.isPresent() && firstMs.getAsLong() < nowMs - ageMs;
    }
}
