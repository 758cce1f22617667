// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is true of the whole quorum, as somebody who sees everything would write it down, and what must hold whenever a line is added: one
 * leader in an epoch; a leader holds all that is committed; what is committed never changes; machines are equal at equal offsets; what
 * was acknowledged is committed; a read sees what was acknowledged before it began.
 */
final class Ledger {

    private record Line(int epoch, QuorumEntry.Kind kind, int payload) {}

    private final List<Line> committed = new ArrayList<>();
    /** The epoch in which somebody first found an entry committed. */
    private final List<Integer> committedIn = new ArrayList<>();

    private final Map<Long, Long> hashes = new HashMap<>();
    private final Map<Integer, MemberId> leaders = new HashMap<>();
    private final Map<Long, Integer> acknowledged = new TreeMap<>();
    private long acknowledgedEnd;

    /** A member that was paused may find that it was elected long ago: it must hold what was committed before its epoch. */
    void leads(MemberId member, int epoch, QuorumLog log) {
        MemberId known = leaders.putIfAbsent(epoch, member);
        require(known == null || known.equals(member), "two leaders in epoch " + epoch + ": " + known + ", " + member);
        int held = committed.size();
        while (held > 0 && committedIn.get(held - 1) >= epoch) {
            held--;
        }
        require(
                log.endOffset() > held,
                "the leader of epoch " + epoch + ", " + member + ", does not hold what is committed: end="
                        + log.endOffset() + ", committed=" + held);
        if (held > log.startOffset()) {
            Line last = line(log.read(held - 1, 1).get(0));
            require(
                    last.equals(committed.get(held - 1)),
                    "the leader of epoch " + epoch + " holds another entry than the committed: " + last);
        }
    }

    private static Line line(QuorumEntry entry) {
        return new Line(entry.epoch(), entry.kind(), entry.payload().hashCode());
    }

    void committed(MemberId by, int epoch, long offset, QuorumEntry entry) {
        Line line = line(entry);
        if (offset == committed.size()) {
            committed.add(line);
            committedIn.add(epoch);
        }
        require(
                committed.get((int) offset).equals(line),
                "committed entry changed: offset=" + offset + ", by=" + by + ", was=" + committed.get((int) offset)
                        + ", is=" + line);
    }

    void machine(MemberId of, RegisterMachine machine) {
        Long known = hashes.putIfAbsent(machine.appliedOffset(), machine.hash());
        require(
                known == null || known == machine.hash(),
                "machines differ at offset " + machine.appliedOffset() + ": " + of);
    }

    void acknowledged(long offset, QuorumEntry entry) {
        acknowledged.put(offset, line(entry).payload());
        acknowledgedEnd = Math.max(acknowledgedEnd, offset + 1);
    }

    long acknowledgedEnd() {
        return acknowledgedEnd;
    }

    long committedEnd() {
        return committed.size();
    }

    int acknowledgements() {
        return acknowledged.size();
    }

    void read(long acknowledgedBefore, long offset) {
        require(
                offset >= acknowledgedBefore,
                "a read misses what was acknowledged: sees=" + offset + ", acknowledged=" + acknowledgedBefore);
    }

    /** At the end: a member that has everything has every acknowledged write where it was acknowledged. */
    void requireNothingLost(long highWatermark) {
        require(
                highWatermark >= acknowledgedEnd,
                "acknowledged writes are lost: highWatermark=" + highWatermark + ", acknowledged=" + acknowledgedEnd);
        acknowledged.forEach((offset, payload) -> require(
                committed.get(offset.intValue()).payload() == payload,
                "an acknowledged write is another: offset=" + offset));
    }

    static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
