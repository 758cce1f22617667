// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.replication.EpochStarts;
import io.varve.replication.OffsetAndEpoch;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The log with what the machine must know of its entries: where epochs began, and which voters hold from where on.
 *
 * <p>Threading: confined to the owner's thread.
 */
final class EntryLog {

    private static final int SCAN_BYTES = 1 << 20;

    private final QuorumLog log;
    private final EpochStarts epochs = new EpochStarts();

    /** The voters by the offset of the entry that named them; those of the snapshot or of the configuration stand before the first. */
    private final TreeMap<Long, QuorumMembers> members = new TreeMap<>();

    /**
     * Makes log and snapshot agree, and reads the log.
     *
     * <p>A snapshot is of committed entries. A log that ends before it or says otherwise than it does was left behind by a crash between
     * installing a snapshot and resetting the log, and holds nothing that the snapshot has not got or that was ever committed.
     */
    EntryLog(QuorumLog log, QuorumSnapshots snapshots, QuorumMembers bootstrap) {
        this.log = log;
        QuorumSnapshot latest = snapshots.latest();
        // One that is too old for the log tells at least whom to ask.
        members.put(-1L, latest == null ? bootstrap : latest.members());
        epochs.reset(
                latest != null && latest.end().offset() == log.startOffset() ? latest.end() : OffsetAndEpoch.START);
        scan(log.startOffset());
        if (latest != null && latest.end().offset() >= log.startOffset()) {
            install(latest);
        }
    }

    private void scan(long from) {
        long offset = from;
        for (List<QuorumEntry> entries = log.read(offset, SCAN_BYTES);
                !entries.isEmpty();
                entries = log.read(offset, SCAN_BYTES)) {
            offset = note(offset, entries);
        }
    }

    private long note(long baseOffset, List<QuorumEntry> entries) {
        long offset = baseOffset;
        for (QuorumEntry entry : entries) {
            epochs.append(entry.epoch(), offset);
            if (entry.kind() == QuorumEntry.Kind.MEMBERS) {
                members.put(offset, PeerMessageCodec.decodeMembers(entry.payload()));
            }
            offset++;
        }
        return offset;
    }

    void append(List<QuorumEntry> entries) {
        long baseOffset = log.endOffset();
        log.append(entries);
        note(baseOffset, entries);
    }

    List<QuorumEntry> read(long offset, int maxBytes) {
        return log.read(offset, maxBytes);
    }

    long startOffset() {
        return log.startOffset();
    }

    long endOffset() {
        return log.endOffset();
    }

    long flushedOffset() {
        return log.flushedOffset();
    }

    /** Where the log ends. */
    OffsetAndEpoch end() {
        return new OffsetAndEpoch(log.endOffset(), epochs.latest());
    }

    /** The epoch of the entry before an offset, 0 when it is not known. */
    int epochBefore(long offset) {
        return offset == 0 ? 0 : epochs.epochAt(offset - 1);
    }

    boolean holds(OffsetAndEpoch position) {
        return epochs.holds(position, log.endOffset());
    }

    OffsetAndEpoch endOf(int epoch) {
        return epochs.endOf(epoch, log.endOffset());
    }

    long truncationPoint(OffsetAndEpoch leader) {
        return epochs.truncationPoint(leader, log.endOffset());
    }

    void truncateTo(long offset) {
        log.truncateTo(offset);
        epochs.truncateTo(offset);
        members.tailMap(offset, true).clear();
    }

    /** Lets the log go on from a snapshot: as it is when it holds the snapshot's end, empty otherwise. */
    void install(QuorumSnapshot snapshot) {
        long offset = snapshot.end().offset();
        if (log.startOffset() > offset || !holds(snapshot.end())) {
            log.resetTo(offset);
            epochs.reset(snapshot.end());
            members.clear();
        }
        members.headMap(offset, false).clear();
        members.put(offset - 1, snapshot.members());
    }

    /** Gives up the entries that the oldest snapshot covers, and the voters that the newest one knows. */
    void deleteBefore(long oldest, QuorumSnapshot latest) {
        if (oldest > log.startOffset()) {
            log.deleteBefore(oldest);
            epochs.deleteBefore(oldest);
        }
        long last = latest.end().offset() - 1;
        if (members.firstKey() < last) {
            members.headMap(last, false).clear();
            members.putIfAbsent(last, latest.members());
        }
    }

    /** The voters that hold: the latest in the log, committed or not. */
    QuorumMembers members() {
        return members.lastEntry().getValue();
    }

    /** Offset of the entry that named the voters that hold, less than the high watermark when they are committed. */
    long membersOffset() {
        return members.lastKey();
    }

    /** The voters as of an offset, exclusive. */
    QuorumMembers membersAt(long offset) {
        Map.Entry<Long, QuorumMembers> entry = members.lowerEntry(offset);
        if (entry == null) {
            throw new IllegalArgumentException(
                    "the voters are not known any more: offset=" + offset + ", known from=" + members.firstKey());
        }
        return entry.getValue();
    }
}
