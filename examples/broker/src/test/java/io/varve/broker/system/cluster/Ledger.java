// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What became of the records of one partition: which were sent, which acknowledged, which a reader was shown meanwhile; and whether what is
 * there in the end can be the outcome.
 *
 * <p>The records of a partition have the sequences 0, 1, 2 ... for values, and one writer. A record without an acknowledgement may be there
 * or not.
 *
 * <p>Threading: any thread.
 */
final class Ledger {

    private static final int MOST_EXAMPLES = 5;

    /** By sequence: the offset, or -1 where an acknowledgement named none. */
    private final LongList acknowledged = new LongList();

    /** By offset: the sequence. */
    private final LongList shown = new LongList();

    private final List<String> violations = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private long sent;
    private long acknowledgements;
    private long lastAcknowledged = -1;
    private long gapFromNs = System.nanoTime();
    private long longestGapNs;

    /** A record is sent: its sequence. */
    synchronized long send() {
        return sent++;
    }

    synchronized void acknowledge(long sequence, long offset, long nowNs) {
        if (acknowledged.get(sequence) != LongList.NONE) {
            violations.add("acknowledged twice: sequence=" + sequence);
        }
        acknowledged.set(sequence, offset);
        acknowledgements++;
        lastAcknowledged = Math.max(lastAcknowledged, sequence);
        longestGapNs = Math.max(longestGapNs, nowNs - gapFromNs);
        gapFromNs = nowNs;
    }

    /** A record was given up, which a client is not to see. */
    synchronized void fail(long sequence, Exception reason) {
        failures.add("sequence=" + sequence + ": " + reason);
    }

    /** A reader that began at the start is shown the next record. */
    synchronized void show(long offset, long sequence) {
        if (offset != shown.size()) {
            violations.add("a reader was shown offset " + offset + " after " + (shown.size() - 1));
        }
        shown.set(offset, sequence);
    }

    /** A reader was told something that a client is not to see. */
    synchronized void failReader(Exception reason) {
        failures.add("a reader: " + reason);
    }

    /** How many records were sent, which is the sequence of the next. */
    synchronized long sent() {
        return sent;
    }

    /** How many records were acknowledged. */
    synchronized long acknowledgements() {
        return acknowledgements;
    }

    /** The largest sequence that was acknowledged, -1 if none was. */
    synchronized long lastAcknowledged() {
        return lastAcknowledged;
    }

    /** How many records the reader was shown. */
    synchronized long shown() {
        return shown.size();
    }

    /** What clients were told that they are not to see. */
    synchronized List<String> failures() {
        return List.copyOf(failures);
    }

    /** Lets the longest gap be that of the time from now on. */
    synchronized void beginGaps(long nowNs) {
        longestGapNs = 0;
        gapFromNs = nowNs;
    }

    /** The longest time between two acknowledgements, or until now. */
    synchronized long longestGapNs(long nowNs) {
        return Math.max(longestGapNs, nowNs - gapFromNs);
    }

    /**
     * What is wrong with the outcome.
     *
     * @param present the sequences that are there, by offset
     */
    synchronized List<String> violations(LongList present) {
        List<String> all = new ArrayList<>(violations);
        LongList offsets = new LongList();
        Set<Long> duplicates = new TreeSet<>();
        Set<Long> reordered = new TreeSet<>();
        Set<Long> unknown = new TreeSet<>();
        long last = -1;
        for (int offset = 0; offset < present.size(); offset++) {
            long sequence = present.get(offset);
            if (sequence == LongList.NONE) {
                all.add("there is no record at offset " + offset);
            } else if (sequence < 0 || sequence >= sent) {
                unknown.add(sequence);
            } else if (offsets.get(sequence) != LongList.NONE) {
                duplicates.add(sequence);
            } else {
                if (sequence < last) {
                    reordered.add(sequence);
                }
                last = Math.max(last, sequence);
                offsets.set(sequence, offset);
            }
        }
        say(all, "acknowledged and lost", lost(offsets));
        say(all, "acknowledged at another offset", misplaced(offsets));
        say(all, "twice there", duplicates);
        say(all, "behind later ones", reordered);
        say(all, "never sent", unknown);
        say(all, "shown to a reader at an offset where there is another", taken(present));
        return all;
    }

    private Set<Long> lost(LongList offsets) {
        Set<Long> lost = new TreeSet<>();
        for (long sequence = 0; sequence < acknowledged.size(); sequence++) {
            if (acknowledged.get(sequence) != LongList.NONE && offsets.get(sequence) == LongList.NONE) {
                lost.add(sequence);
            }
        }
        return lost;
    }

    private Set<Long> misplaced(LongList offsets) {
        Set<Long> misplaced = new TreeSet<>();
        for (long sequence = 0; sequence < acknowledged.size(); sequence++) {
            long offset = acknowledged.get(sequence);
            if (offset >= 0 && offsets.get(sequence) != LongList.NONE && offsets.get(sequence) != offset) {
                misplaced.add(sequence);
            }
        }
        return misplaced;
    }

    private Set<Long> taken(LongList present) {
        Set<Long> taken = new TreeSet<>();
        for (int offset = 0; offset < shown.size(); offset++) {
            if (shown.get(offset) != present.get(offset)) {
                taken.add(shown.get(offset));
            }
        }
        return taken;
    }

    private static void say(List<String> violations, String what, Set<Long> sequences) {
        if (!sequences.isEmpty()) {
            violations.add(what + ": " + sequences.size() + " records, sequences "
                    + sequences.stream().limit(MOST_EXAMPLES).toList());
        }
    }
}
