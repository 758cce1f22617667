// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import java.time.InstantSource;

/**
 * Opens a log: finishes what a crash has interrupted, finds the segments, and makes one for the next append.
 *
 * <p>Threading: confined to the thread that opens the log.
 */
final class LogOpening {

    private final LogConfig config;
    private final LogParts parts;
    private final LogState state;
    private final RecoveryReport report;

    /** Does all of it; when it fails no file stays open. */
    LogOpening(Storage storage, LogConfig config, InstantSource clock) {
        this.config = config;
        Reserve reserve = new Reserve(storage, config.reserveBytes());
        Cursors cursors = new Cursors(storage, reserve);
        LogReset reset = new LogReset(storage, reserve, cursors);
        // Before anything is read: a reset that was interrupted replaces the small files.
        Listing listing = LogDirectory.settled(storage, reset);
        this.parts = new LogParts(
                storage,
                new Segments(),
                new NextSegment(storage),
                new Manifest(storage),
                EpochHistory.load(storage),
                new CompactionState(storage, reserve),
                reserve,
                cursors,
                reset);
        try {
            long storedStart = storedStartOffset(storage);
            LogRecovery recovery = new LogRecovery(
                    storage,
                    config,
                    parts.epochs(),
                    storedStart,
                    parts.compaction().gapsEndOffset());
            recovery.addTo(parts.segments(), listing, parts.manifest());
            boolean manifestIsRight = activate(recovery, storedStart) && recovery.isManifestRight();
            storage.force();
            if (!manifestIsRight) {
                parts.manifest().save(parts.segments().all());
            }
            this.state = new LogState(parts, config, clock, storedStart);
            this.report = recovery.report();
            beginRun(storage, state.endOffset());
        } catch (RuntimeException e) {
            retireAfter(e);
            throw e;
        }
    }

    private static long storedStartOffset(Storage storage) {
        return LogFiles.contents(storage, LogFiles.START_OFFSET)
                .map(String::strip)
                .filter(text -> text.matches("\\d{1,18}"))
                .map(Long::parseLong)
                .orElse(0L);
    }

    /** Leaves a segment at the end that can be appended to; whether the sealed segments are still those that were found. */
    private boolean activate(LogRecovery recovery, long storedStart) {
        Segments segments = parts.segments();
        if (segments.isEmpty()) {
            segments.add(Segment.create(parts.storage(), storedStart, config, false));
        } else {
            segments.active().resumeAppends(config);
        }
        Segment last = segments.active();
        long endOffset = Math.max(last.endOffset(), storedStart);
        if (endOffset == last.endOffset() && recovery.isSound(last)) {
            return true;
        }
        last.passivate();
        segments.add(Segment.create(parts.storage(), endOffset, config, false));
        return false;
    }

    /** From here on the files are those of a log that is open. */
    private void beginRun(Storage storage, long endOffset) {
        storage.delete(LogFiles.CLEAN_CLOSE);
        parts.reserve().write(() -> parts.epochs().truncateTo(Math.max(endOffset, 1)));
        parts.reserve().restore();
        parts.compaction().forgetFrom(endOffset);
    }

    private void retireAfter(RuntimeException reason) {
        try {
            parts.segments().retire();
        } catch (StorageException e) {
            reason.addSuppressed(e);
        }
    }

    LogParts parts() {
        return parts;
    }

    LogState state() {
        return state;
    }

    RecoveryReport report() {
        return report;
    }
}
