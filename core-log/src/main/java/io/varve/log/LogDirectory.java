// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.index.SegmentSummary;
import io.varve.log.storage.DirectoryLock;
import io.varve.log.storage.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The files of a log as they lie in a storage, without opening the log. Changes nothing, but for {@link #settle}.
 *
 * <p>The files are listed when it is made; what they hold is read when it is asked for.
 *
 * <p>Threading: immutable.
 */
public final class LogDirectory {

    private static final Set<String> SMALL_FILES = Set.of(
            LogFiles.START_OFFSET,
            LogFiles.CLEAN_CLOSE,
            LogFiles.CURSORS,
            LogFiles.RESERVE,
            LogFiles.EPOCHS,
            LogFiles.COMPACTED,
            LogFiles.MANIFEST,
            DirectoryLock.FILE);
    /** What brokers, ours and Kafka's, keep beside a log. */
    private static final Set<String> BROKERS_FILES =
            Set.of("partition.metadata", "producer-state", "producer-state.next");

    private static final List<String> BROKERS_SUFFIXES = List.of(".snapshot", ".txnindex");

    private final Storage storage;
    private final List<Long> baseOffsets = new ArrayList<>();
    private final List<String> swaps = new ArrayList<>();
    private final List<String> resets = new ArrayList<>();
    private final List<String> quarantined = new ArrayList<>();
    private final List<String> foreign = new ArrayList<>();

    private LogDirectory(Storage storage) {
        this.storage = storage;
        for (String name : storage.names()) {
            if (LogFiles.isLog(name)) {
                baseOffsets.add(LogFiles.baseOffset(name));
            } else if (SegmentSwap.isSwap(name)) {
                swaps.add(name);
            } else if (LogReset.isReset(name)) {
                resets.add(name);
            } else if (name.endsWith(LogFiles.QUARANTINE)) {
                quarantined.add(name);
            } else if (!SMALL_FILES.contains(name)
                    && !LogFiles.isTemporary(name)
                    && !LogFiles.isOfSegment(name)
                    && !isBrokers(name)) {
                foreign.add(name);
            }
        }
        baseOffsets.sort(null);
        swaps.sort(null);
        quarantined.sort(null);
        foreign.sort(null);
    }

    private static boolean isBrokers(String name) {
        return BROKERS_FILES.contains(name) || BROKERS_SUFFIXES.stream().anyMatch(name::endsWith);
    }

    /**
     * Lists the files in a storage.
     *
     * @param storage where the log is, best a {@link io.varve.log.storage.ReadOnlyStorage}
     * @return what is there
     */
    public static LogDirectory of(Storage storage) {
        return new LogDirectory(storage);
    }

    /** {@return the storage} */
    public Storage storage() {
        return storage;
    }

    /** {@return the base offsets of the segments, ascending; empty when the storage holds no log} */
    public List<Long> baseOffsets() {
        return List.copyOf(baseOffsets);
    }

    /**
     * {@return names of segments that compaction has written and that did not take the place of others yet, sorted} Until
     * {@link #settle} the segments that they replace are listed, as far as they are still there.
     */
    public List<String> swaps() {
        return List.copyOf(swaps);
    }

    /**
     * {@return names of files that say that the log is being started anew, and by their digits at which offset; at most one} Until
     * {@link #settle} segments of the old log may be there.
     */
    public List<String> resets() {
        return List.copyOf(resets);
    }

    /** {@return names of files that recovery has put aside, sorted} */
    public List<String> quarantined() {
        return List.copyOf(quarantined);
    }

    /** {@return names of files that are neither a log's nor kept beside one by a broker, sorted} */
    public List<String> foreign() {
        return List.copyOf(foreign);
    }

    /**
     * The start offset that a deletion has stored.
     *
     * @return empty when nothing was ever deleted
     * @throws CorruptLogException when the file holds no offset
     */
    public OptionalLong startOffset() {
        return offsetIn(LogFiles.START_OFFSET);
    }

    /**
     * The end offset that closing has stored.
     *
     * @return empty when the log is open or was not closed
     * @throws CorruptLogException when the file holds no offset
     */
    public OptionalLong closedAt() {
        return offsetIn(LogFiles.CLEAN_CLOSE);
    }

    /**
     * The offset below which, exclusive, offsets may be missing because compaction has removed their records.
     *
     * @return empty when nothing was ever compacted
     * @throws CorruptLogException when the file is damaged: then they may be missing anywhere
     */
    public OptionalLong gapsEndOffset() {
        return CompactionState.gapsEndOffset(storage);
    }

    private OptionalLong offsetIn(String name) {
        Optional<String> contents = LogFiles.contents(storage, name);
        if (contents.isEmpty()) {
            return OptionalLong.empty();
        }
        if (!contents.get().matches("\\d{1,18}\n")) {
            throw new CorruptLogException(name, 0, "not an offset");
        }
        return OptionalLong.of(Long.parseLong(contents.get().strip()));
    }

    /**
     * What the manifest says of sealed segments, by their base offsets. Segments may be missing in it, and it may list some that were
     * deleted.
     *
     * @return empty when there is none
     * @throws CorruptLogException when the file is damaged
     */
    public SortedMap<Long, SegmentSummary> manifest() {
        SortedMap<Long, SegmentSummary> listed = new TreeMap<>();
        Manifest.Entries entries = Manifest.listed(storage);
        for (int i = 0; i < entries.count(); i++) {
            listed.put(entries.baseOffset(i), entries.summary(i));
        }
        return listed;
    }

    /**
     * The leader epochs, by their first offsets.
     *
     * @return empty when the file is absent
     * @throws CorruptLogException when the file is damaged
     */
    public NavigableMap<Long, Integer> epochs() {
        return EpochHistory.listed(storage);
    }

    /**
     * The positions that are kept under names.
     *
     * @return by name; empty when there are none
     * @throws CorruptLogException when the file is damaged
     */
    public SortedMap<String, Long> cursors() {
        Cursors cursors = new Cursors(storage, new Reserve(storage, 0));
        SortedMap<String, Long> positions = new TreeMap<>();
        cursors.names().forEach(name -> positions.put(name, cursors.position(name)));
        return positions;
    }

    /**
     * Finishes what a crash has interrupted: starting the log anew, and putting segments that compaction has written in the place of those
     * they replace. Opening the log does the same; nobody may have it open.
     *
     * @param storage where the log is
     */
    public static void settle(Storage storage) {
        Reserve reserve = new Reserve(storage, 0);
        settled(storage, new LogReset(storage, reserve, new Cursors(storage, reserve)));
    }

    /** The files when all is finished that a crash has interrupted; one look at the directory will mostly do. */
    static Listing settled(Storage storage, LogReset reset) {
        Listing listing = Listing.of(storage);
        if (reset.recover(listing.others())) {
            listing = Listing.of(storage);
        }
        return SegmentSwap.recover(storage, listing.others()) ? Listing.of(storage) : listing;
    }

    /**
     * Name of the log file of a segment.
     *
     * @param baseOffset base offset of the segment
     * @return the name
     */
    public static String logName(long baseOffset) {
        return LogFiles.segment(baseOffset, LogFiles.LOG);
    }

    /**
     * Name of our index of a segment.
     *
     * @param baseOffset base offset of the segment
     * @return the name
     */
    public static String indexName(long baseOffset) {
        return LogFiles.segment(baseOffset, LogFiles.SPARSE_INDEX);
    }

    /**
     * Name of Kafka's offset index of a segment.
     *
     * @param baseOffset base offset of the segment
     * @return the name
     */
    public static String kafkaOffsetIndexName(long baseOffset) {
        return LogFiles.segment(baseOffset, LogFiles.KAFKA_OFFSET_INDEX);
    }

    /**
     * Name of Kafka's time index of a segment.
     *
     * @param baseOffset base offset of the segment
     * @return the name
     */
    public static String kafkaTimeIndexName(long baseOffset) {
        return LogFiles.segment(baseOffset, LogFiles.KAFKA_TIME_INDEX);
    }
}
