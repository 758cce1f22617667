// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import io.varve.log.CorruptLogException;
import io.varve.log.LogDirectory;
import io.varve.log.index.IndexFile;
import io.varve.log.index.SegmentSummary;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import io.varve.log.storage.StorageFile;
import io.varve.log.tool.Finding.Kind;
import java.util.List;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads all files of a log and says what is wrong with them. Nothing is changed.
 *
 * <p>Every byte of a segment is looked at: the checksums cover the batches but for offset and epoch, which must fit to the batch
 * before, to the index, to the next segment and to the list of epochs.
 *
 * <p>Threading: confined to one thread.
 */
public final class LogVerifier {

    /** What the verifier is told about the log. */
    public enum Option {
        /**
         * Offsets may be missing anywhere, because the log is compacted. Without it they may be where the log itself says that compaction
         * has removed records, which Kafka's logs do not say.
         */
        COMPACTED,
        /** The records inside the batches are decompressed and checked too. */
        RECORDS,
        /**
         * Somebody has the log open. What stands behind the last whole batch may be an append under way and is left alone, and segments
         * may be deleted meanwhile. When they are compacted meanwhile, an index and a segment may be found that do not belong together:
         * verify again.
         */
        IN_USE
    }

    private final LogDirectory directory;
    private final Storage storage;
    private final List<String> swaps;
    private final List<String> resets;
    private final Set<Option> options;
    private final Consumer<Finding> findings;

    private SortedMap<Long, SegmentSummary> manifest = new TreeMap<>();
    private Known known;
    private boolean wasClosed;
    private int segments;
    private long batches;
    private long records;
    private long sizeBytes;
    private long damage;
    private long notes;
    private long endOffset = -1;

    private LogVerifier(Storage storage, Set<Option> options, Consumer<Finding> findings) {
        // Who has the log open finishes its own swaps.
        this.storage = options.contains(Option.IN_USE) ? storage : TrialStorage.settled(storage);
        this.swaps = LogDirectory.of(storage).swaps();
        this.resets = LogDirectory.of(storage).resets();
        this.directory = LogDirectory.of(this.storage);
        this.options = options;
        this.findings = findings;
        this.known = new Known(options, new TreeMap<>(), 0);
    }

    /**
     * Verifies a log.
     *
     * @param storage where the log is, best a {@link io.varve.log.storage.ReadOnlyStorage}
     * @param options what is known about the log
     * @param findings told each finding at once
     * @return what was gone through
     * @throws StorageException when a file cannot be read
     */
    public static Verification verify(Storage storage, Set<Option> options, Consumer<Finding> findings) {
        return new LogVerifier(storage, options, findings).run();
    }

    private Verification run() {
        OptionalLong stored = read(directory::startOffset, OptionalLong.empty());
        OptionalLong closedAt = read(directory::closedAt, OptionalLong.empty());
        known = known();
        read(directory::cursors, new TreeMap<>());
        List<Long> baseOffsets = directory.baseOffsets();
        if (!options.contains(Option.IN_USE)) {
            manifest = read(directory::manifest, manifest);
        }
        wasClosed = closedAt.isPresent();
        if (!wasClosed && !baseOffsets.isEmpty()) {
            Kind kind = options.contains(Option.IN_USE) ? Kind.IN_USE : Kind.NOT_CLOSED;
            note(
                    kind,
                    LogDirectory.logName(baseOffsets.get(baseOffsets.size() - 1)),
                    kind == Kind.IN_USE
                            ? "the log is open; an append under way is left alone"
                            : "the log was not closed; opening reads what no index covers");
        }
        long startOffset = Math.max(stored.orElse(0), baseOffsets.isEmpty() ? 0 : baseOffsets.get(0));
        noteAbsentIndexes(baseOffsets);
        findAbsentSegments(baseOffsets, startOffset);
        for (int i = 0; i < baseOffsets.size(); i++) {
            verify(baseOffsets.get(i), i == baseOffsets.size() - 1, startOffset);
        }
        endOffset = Math.max(endOffset, startOffset);
        if (closedAt.isPresent() && closedAt.getAsLong() != endOffset) {
            found(new Finding(
                    Kind.SMALL_FILE,
                    "clean-close",
                    0,
                    "the log ended elsewhere when it was closed: endOffset=" + closedAt.getAsLong() + ", found="
                            + endOffset));
        }
        swaps.forEach(name -> note(
                Kind.SWAP,
                name,
                options.contains(Option.IN_USE)
                        ? "compaction is replacing segments by it"
                        : "compaction was replacing segments by it; opening finishes that"));
        resets.forEach(name -> note(
                Kind.RESET,
                name,
                options.contains(Option.IN_USE)
                        ? "the log is being started anew at this offset"
                        : "the log was being started anew at this offset; opening finishes that"));
        directory.quarantined().forEach(name -> note(Kind.QUARANTINED, name, "put aside by a recovery"));
        directory.foreign().forEach(name -> note(Kind.FOREIGN, name, "not a file of a log"));
        return new Verification(segments, batches, records, sizeBytes, startOffset, endOffset, damage, notes);
    }

    private Known known() {
        NavigableMap<Long, Integer> epochs = read(directory::epochs, new TreeMap<>());
        OptionalLong gapsEnd = read(directory::gapsEndOffset, OptionalLong.of(Long.MAX_VALUE));
        return new Known(options, epochs, options.contains(Option.COMPACTED) ? Long.MAX_VALUE : gapsEnd.orElse(0));
    }

    private <T> T read(Supplier<T> smallFile, T otherwise) {
        try {
            return smallFile.get();
        } catch (CorruptLogException e) {
            found(new Finding(Kind.SMALL_FILE, e.file(), e.position(), e.reason()));
            return otherwise;
        }
    }

    /** A log without any index of ours was written by Kafka; that is said once. */
    private void noteAbsentIndexes(List<Long> baseOffsets) {
        List<Long> absent = baseOffsets.stream()
                .filter(base -> !storage.exists(LogDirectory.indexName(base)))
                .toList();
        if (!absent.isEmpty() && absent.size() == baseOffsets.size() && !wasClosed) {
            note(Kind.INDEX_ABSENT, LogDirectory.indexName(absent.get(0)), "no segment has an index of ours");
            return;
        }
        for (long base : absent) {
            if (wasClosed || base != baseOffsets.get(baseOffsets.size() - 1)) {
                note(Kind.INDEX_ABSENT, LogDirectory.indexName(base), "opening makes it anew");
            }
        }
    }

    private void findAbsentSegments(List<Long> baseOffsets, long startOffset) {
        manifest.forEach((baseOffset, summary) -> {
            if (summary.endOffset() > startOffset && !baseOffsets.contains(baseOffset)) {
                found(new Finding(
                        Kind.GAP,
                        LogDirectory.logName(baseOffset),
                        0,
                        "the file is missing, which the manifest lists: endOffset=" + summary.endOffset()));
            }
        });
    }

    /** Whether the manifest says the same as the file's length and its index. */
    private void compareWithManifest(long baseOffset, long fileBytes, @Nullable SegmentSummary indexed) {
        SegmentSummary listed = manifest.get(baseOffset);
        if (listed != null && (listed.sizeBytes() != fileBytes || (indexed != null && !listed.equals(indexed)))) {
            found(new Finding(
                    Kind.SMALL_FILE,
                    "manifest",
                    0,
                    "a segment is not as listed: file=" + LogDirectory.logName(baseOffset) + ", listed=" + listed
                            + ", sizeBytes=" + fileBytes + ", index=" + indexed));
        }
    }

    private void verify(long baseOffset, boolean isLast, long startOffset) {
        String name = LogDirectory.logName(baseOffset);
        try {
            // The index first: what it covers is in the file by then.
            IndexFile.Inspection index =
                    new IndexFile(storage, LogDirectory.indexName(baseOffset), baseOffset).inspect();
            try (StorageFile file = storage.open(name)) {
                boundary(baseOffset, name, startOffset);
                compareWithManifest(baseOffset, file.sizeBytes(), index == null ? null : index.summary());
                SegmentCheck check = new SegmentCheck(baseOffset, index, known, this::found);
                check.run(storage, file, isLast, wasClosed);
                segments++;
                batches += check.batches();
                records += check.records();
                sizeBytes += check.sizeBytes();
                endOffset = check.endOffset();
            }
        } catch (StorageException e) {
            if (!options.contains(Option.IN_USE) || storage.exists(name)) {
                throw e;
            }
            note(Kind.VANISHED, name, "deleted meanwhile");
            endOffset = -1;
        }
    }

    /** Whether a segment begins where the one before has ended. */
    private void boundary(long baseOffset, String name, long startOffset) {
        if (endOffset < 0 || baseOffset == endOffset) {
            return;
        }
        if (baseOffset < endOffset) {
            found(new Finding(
                    Kind.OFFSETS,
                    name,
                    0,
                    "the segment begins before the one in front of it ends: baseOffset=" + baseOffset + ", endOffset="
                            + endOffset));
        } else if (baseOffset > startOffset && baseOffset > known.gapsEndOffset()) {
            found(new Finding(
                    Kind.GAP,
                    name,
                    0,
                    "offsets are missing in front of the segment: from=" + endOffset + ", to=" + baseOffset));
        }
    }

    private void note(Kind kind, String file, String detail) {
        found(new Finding(kind, file, 0, detail));
    }

    private void found(Finding finding) {
        if (finding.isDamage()) {
            damage++;
        } else {
            notes++;
        }
        findings.accept(finding);
    }
}
