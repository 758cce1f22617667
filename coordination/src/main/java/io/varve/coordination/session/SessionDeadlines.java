// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The leader's view of which sessions have been silent for too long.
 *
 * <p>Deadlines are kept in buckets of equal length, so that looking for expired sessions costs nothing while there are none. A session
 * expires at the end of the bucket its deadline falls into: never before its timeout has passed since it was last heard of, and at most
 * one bucket later. Hearing of a session only notes the time; it changes buckets when the one it is in comes up.
 *
 * <p>Nothing of this is replicated. A new leader adds all sessions with their full timeouts.
 *
 * <p>Threading: confined to the leader's thread.
 */
public final class SessionDeadlines {

    private static final long NS_PER_MS = 1_000_000;

    private final long bucketNs;
    private final Map<Long, Deadline> deadlines = new HashMap<>();
    private final TreeMap<Long, List<Deadline>> buckets = new TreeMap<>();

    private static final class Deadline {
        private final long sessionId;
        private final long timeoutNs;
        private long atNs;

        private Deadline(long sessionId, long timeoutNs) {
            this.sessionId = sessionId;
            this.timeoutNs = timeoutNs;
        }
    }

    /** @param bucketNs length of a bucket in nanoseconds; ZooKeeper's is a tick */
    public SessionDeadlines(long bucketNs) {
        if (bucketNs < 1) {
            throw new IllegalArgumentException("length of a bucket must be positive: bucketNs=" + bucketNs);
        }
        this.bucketNs = bucketNs;
    }

    /** Watches a session, or watches it with another timeout; it counts as heard of now. */
    public void add(long sessionId, int timeoutMs, long nowNs) {
        Deadline deadline = new Deadline(sessionId, timeoutMs * NS_PER_MS);
        deadline.atNs = nowNs + deadline.timeoutNs;
        deadlines.put(sessionId, deadline);
        enqueue(deadline);
    }

    /** Puts off the deadline of a session; does nothing when it is not watched. */
    public void heard(long sessionId, long nowNs) {
        Deadline deadline = deadlines.get(sessionId);
        if (deadline != null) {
            deadline.atNs = Math.max(deadline.atNs, nowNs + deadline.timeoutNs);
        }
    }

    /** Watches a session no longer; does nothing when it is not watched. */
    public void remove(long sessionId) {
        deadlines.remove(sessionId);
    }

    /** Forgets all sessions, as the member no longer leads. */
    public void clear() {
        deadlines.clear();
        buckets.clear();
    }

    private void enqueue(Deadline deadline) {
        buckets.computeIfAbsent(bucketEndNs(deadline.atNs), end -> new ArrayList<>())
                .add(deadline);
    }

    private long bucketEndNs(long atNs) {
        return -Math.floorDiv(-atNs, bucketNs) * bucketNs;
    }

    /** The sessions that have expired and were not returned before; they are no longer watched. */
    public List<Long> expired(long nowNs) {
        List<Long> expired = new ArrayList<>();
        while (!buckets.isEmpty() && buckets.firstKey() <= nowNs) {
            for (Deadline deadline : buckets.pollFirstEntry().getValue()) {
                if (deadlines.get(deadline.sessionId) != deadline) {
                    continue; // removed, or added anew
                }
                if (bucketEndNs(deadline.atNs) <= nowNs) {
                    deadlines.remove(deadline.sessionId);
                    expired.add(deadline.sessionId);
                } else {
                    enqueue(deadline);
                }
            }
        }
        return expired;
    }

    /** When to ask for expired sessions next, {@code Long.MAX_VALUE} when none is watched; there may be none then. */
    public long nextDeadlineNs() {
        return buckets.isEmpty() ? Long.MAX_VALUE : buckets.firstKey();
    }

    /** Number of sessions that are watched. */
    public int size() {
        return deadlines.size();
    }
}
