// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import io.varve.replication.partition.MemoryReplicaLog.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is true of the whole partition, as somebody who sees everything would write it down, and what must hold whenever a line is added: one
 * leader in an epoch; who is in sync or eligible holds all that is committed; what is committed never changes; what was acknowledged is
 * committed, once and in order; a consumer sees what is committed, and nothing else.
 */
final class Ledger {

    private final List<Entry> committed = new ArrayList<>();
    private final Map<Integer, String> leaders = new TreeMap<>();
    /** Value and offset. */
    private final Map<Long, Long> acknowledged = new TreeMap<>();

    private final Map<Integer, Long> lastSequences = new TreeMap<>();
    private boolean lossAllowed;

    /** Whether it is not known any more what is true: something was lost while everything goes on. */
    private boolean givenUp;

    static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    void elected(int id, boolean live) {
        require(live, "elected who is gone: " + id);
    }

    void leads(String process, int epoch) {
        String known = leaders.putIfAbsent(epoch, process);
        require(
                known == null || known.equals(process),
                "two leaders in epoch " + epoch + ": " + known + ", " + process);
    }

    void committed(int by, MemoryReplicaLog log, long fromOffset, long highWatermark, boolean once) {
        require(highWatermark <= log.endOffset(), "committed what is not there: by=" + by);
        if (givenUp) {
            return;
        }
        for (long offset = Math.max(fromOffset, log.startOffset()); offset < highWatermark; offset++) {
            Entry entry = log.entry(offset);
            if (offset == committed.size()) {
                committed.add(entry);
                if (once) {
                    requireNextOf(entry.value());
                }
            }
            require(
                    committed.get((int) offset).equals(entry),
                    "committed record changed: offset=" + offset + ", by=" + by + ", was=" + committed.get((int) offset)
                            + ", is=" + entry);
        }
    }

    /** The values of a producer that sends each until it is acknowledged are committed in order and once. */
    private void requireNextOf(long value) {
        if (Producer.isIdempotent(value)) {
            long last = lastSequences.getOrDefault(Producer.of(value), -1L);
            require(
                    Producer.sequence(value) == last + 1,
                    "out of order or twice: producer=" + Producer.of(value) + ", last=" + last + ", next="
                            + Producer.sequence(value));
            lastSequences.put(Producer.of(value), Producer.sequence(value));
        }
    }

    void acknowledged(int by, long value, long offset) {
        require(
                givenUp
                        || (offset < committed.size()
                                && committed.get((int) offset).value() == value),
                "acknowledged and not committed: value=" + value + ", offset=" + offset + ", by=" + by);
        acknowledged.put(value, offset);
    }

    int acknowledgements() {
        return acknowledged.size();
    }

    void consumed(long offset, Entry entry) {
        require(
                givenUp
                        || (offset < committed.size()
                                && committed.get((int) offset).equals(entry)),
                "a consumer sees what is not committed: offset=" + offset + ", is=" + entry);
    }

    /** Who may be elected holds what is committed. */
    void requireHeldByThoseWhoMayLead(Simulation simulation) {
        SimulatedController controller = simulation.controller;
        TreeSet<Integer> candidates = new TreeSet<>(controller.state().isr());
        candidates.addAll(controller.eligible());
        for (int id : candidates) {
            SimulatedBroker broker = simulation.broker(id);
            if (broker.isUp() && controller.isLive(id, broker.brokerEpoch())) {
                requireHeld(id, broker.log());
            }
        }
    }

    private void requireHeld(int id, MemoryReplicaLog log) {
        long last = committed.size() - 1;
        boolean holds = givenUp
                || log.endOffset() > last
                        && (last < log.startOffset() || log.entry(last).equals(committed.get((int) last)));
        require(
                holds,
                "may lead and does not hold what is committed: broker=" + id + ", end=" + log.endOffset()
                        + ", committed=" + committed.size());
    }

    /** An operator has elected somebody who may lack something: what it lacks is lost. */
    void allowLoss(MemoryReplicaLog log) {
        lossAllowed = true;
        int held = committed.size();
        while (held > 0 && !holds(log, held - 1)) {
            held--;
        }
        long end = held;
        committed.subList(held, committed.size()).clear();
        acknowledged.values().removeIf(offset -> offset >= end);
    }

    /** The same while others go on and do not know it yet: nothing is known until {@link #beginAnew}. */
    void giveUp() {
        lossAllowed = true;
        givenUp = true;
    }

    boolean isGivenUp() {
        return givenUp;
    }

    /** What a log holds is what is committed. */
    void beginAnew(MemoryReplicaLog log) {
        givenUp = false;
        committed.clear();
        acknowledged.clear();
        for (long offset = 0; offset < log.endOffset(); offset++) {
            committed.add(log.entry(Math.max(offset, log.startOffset())));
        }
    }

    private boolean holds(MemoryReplicaLog log, int offset) {
        return offset < log.endOffset()
                && (offset < log.startOffset() || log.entry(offset).equals(committed.get(offset)));
    }

    void truncated(int by, long lostOffset) {
        require(
                lostOffset == PartitionAction.Truncated.NOTHING || lossAllowed,
                "truncated what is committed: offset=" + lostOffset + ", by=" + by);
    }

    /** At the end: a log has all that is committed, and nothing else, and all that was acknowledged is in it. */
    void requireEqual(int id, MemoryReplicaLog log) {
        require(
                log.endOffset() == committed.size(),
                "ends elsewhere: broker=" + id + ", end=" + log.endOffset() + ", committed=" + committed.size());
        for (long offset = log.startOffset(); offset < log.endOffset(); offset++) {
            require(
                    log.entry(offset).equals(committed.get((int) offset)),
                    "another record: broker=" + id + ", offset=" + offset);
        }
        acknowledged.forEach((value, offset) -> require(
                offset < committed.size() && committed.get(offset.intValue()).value() == value,
                "an acknowledged record is lost: value=" + value + ", offset=" + offset));
    }
}
