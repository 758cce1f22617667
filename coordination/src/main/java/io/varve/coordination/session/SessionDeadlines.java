// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Until when sessions live that are not heard of. Deadlines are rounded up to a grid, so that many sessions share one and a sign of life
 * mostly changes nothing: a session ends never early, and late by at most one step of the grid.
 *
 * <p>Threading: confined to the owner's thread.
 */
public final class SessionDeadlines {

    private record Session(long timeoutNs, long bucketNs) {}

    private final long stepNs;
    private final Map<Long, Session> sessions = new HashMap<>();
    private final NavigableMap<Long, Set<Long>> buckets = new TreeMap<>();

    /**
     * Deadlines of no session.
     *
     * @param stepNs the grid's step, nanoseconds, at least 1
     */
    public SessionDeadlines(long stepNs) {
        this.stepNs = stepNs;
    }

    /** A session begins, or has another timeout, in milliseconds. */
    public void add(long sessionId, int timeoutMs, long nowNs) {
        remove(sessionId);
        put(sessionId, timeoutMs * 1_000_000L, nowNs);
    }

    private void put(long sessionId, long timeoutNs, long nowNs) {
        long bucketNs = ((nowNs + timeoutNs) / stepNs + 1) * stepNs;
        sessions.put(sessionId, new Session(timeoutNs, bucketNs));
        buckets.computeIfAbsent(bucketNs, key -> new TreeSet<>()).add(sessionId);
    }

    /** A session's client was heard of; nothing happens when there is no such session. */
    public void heard(long sessionId, long nowNs) {
        Session session = sessions.get(sessionId);
        if (session != null && ((nowNs + session.timeoutNs()) / stepNs + 1) * stepNs > session.bucketNs()) {
            remove(sessionId);
            put(sessionId, session.timeoutNs(), nowNs);
        }
    }

    /** A session has ended; nothing happens when there is no such session. */
    public void remove(long sessionId) {
        Session session = sessions.remove(sessionId);
        if (session != null) {
            Set<Long> bucket = buckets.get(session.bucketNs());
            if (bucket != null && bucket.remove(sessionId) && bucket.isEmpty()) {
                buckets.remove(session.bucketNs());
            }
        }
    }

    /** The sessions whose time is up, which are forgotten: in the order of their deadlines. */
    public List<Long> expired(long nowNs) {
        List<Long> expired = new ArrayList<>();
        while (!buckets.isEmpty() && buckets.firstKey() <= nowNs) {
            Set<Long> bucket = buckets.pollFirstEntry().getValue();
            expired.addAll(bucket);
            bucket.forEach(sessions::remove);
        }
        return expired;
    }

    /** When the next session's time is up, nanoseconds; {@link Long#MAX_VALUE} when there is none. */
    public long nextDeadlineNs() {
        return buckets.isEmpty() ? Long.MAX_VALUE : buckets.firstKey();
    }
}
