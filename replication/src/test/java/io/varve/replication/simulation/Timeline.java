// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.simulation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The time of a simulation: what is to happen, one after the other, each at once. What has happened goes into a trace, a number that is
 * equal for equal runs on any machine.
 *
 * <p>Threading: confined to one thread.
 */
public final class Timeline {

    /** A millisecond, in nanoseconds. */
    public static final long MS = 1_000_000;

    /** In which {@link #runUntil(BooleanSupplier)} gives up, nanoseconds. */
    private static final long PATIENCE_NS = 10_000 * MS;

    private record Happening(long timeNs, long number, Runnable what) {}

    private final PriorityQueue<Happening> happenings =
            new PriorityQueue<>(Comparator.comparingLong(Happening::timeNs).thenComparingLong(Happening::number));
    private final @Nullable List<String> notes;
    private final Runnable afterEach;
    private long nowNs;
    private long happened;
    private long scheduled;
    private long trace = 17;

    /**
     * A time that begins at 0.
     *
     * @param noting whether to keep the notes, for who wants to read what happened
     * @param afterEach checks what must hold after everything that happens
     */
    public Timeline(boolean noting, Runnable afterEach) {
        this.afterEach = afterEach;
        this.notes = noting ? new ArrayList<>() : null;
    }

    /** {@return the present time, nanoseconds} */
    public long nowNs() {
        return nowNs;
    }

    /** Lets something happen after a delay, behind what happens then already. */
    public void schedule(long delayNs, Runnable what) {
        happenings.add(new Happening(nowNs + Math.max(0, delayNs), scheduled++, what));
    }

    /** Runs until a time, which is the present one afterwards. */
    public void runUntil(long timeNs) {
        while (!happenings.isEmpty() && happenings.peek().timeNs() <= timeNs) {
            happenOnce();
        }
        nowNs = timeNs;
    }

    /** Runs until something is so, for ten seconds at most; whether it is. */
    public boolean runUntil(BooleanSupplier reached) {
        long limitNs = nowNs + PATIENCE_NS;
        while (!reached.getAsBoolean() && nowNs < limitNs && !happenings.isEmpty()) {
            happenOnce();
        }
        return reached.getAsBoolean();
    }

    private void happenOnce() {
        Happening next = happenings.remove();
        nowNs = next.timeNs();
        happened++;
        trace(nowNs);
        next.what().run();
        afterEach.run();
    }

    /** {@return how much has happened} */
    public long happened() {
        return happened;
    }

    /** Adds what has happened to the trace. */
    public void trace(long what) {
        trace = trace * 31 + what;
    }

    /** {@return the trace so far} */
    public long trace() {
        return trace;
    }

    /** Adds to the trace, and to the notes if they are kept. */
    public void note(String what) {
        trace(what.hashCode());
        if (notes != null) {
            notes.add(String.format("%8.1f ms  %s", nowNs / 1e6, what));
        }
    }

    /** {@return the notes, none when they are not kept} */
    public List<String> notes() {
        return notes == null ? List.of() : notes;
    }
}
