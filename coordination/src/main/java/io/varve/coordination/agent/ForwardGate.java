// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Lets the commands that other members forward to the leader of an epoch through once and in order, however often and in whatever order
 * they come. A leader begins each of its epochs with a new gate.
 *
 * <p>Threading: confined to the member's thread.
 */
final class ForwardGate {

    /** Enough for the members of a large quorum and a few runs of each. */
    private static final int MOST_ORIGINS = 1_024;

    private final Map<Origin, Long> expected = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Origin, Long> eldest) {
            return size() > MOST_ORIGINS;
        }
    };

    /**
     * Commands have come.
     *
     * @param origin where from
     * @param oldest sequence of the oldest command that its origin still waited for when it sent them: whatever is before it has been
     *     applied or given up, and nobody sends it again
     * @param first sequence of the first command
     * @param count how many follow each other
     * @return how many of the first have been let through before; all of them when commands before the first are missing
     */
    int skip(Origin origin, long oldest, long first, int count) {
        long next = Math.max(expected.getOrDefault(origin, oldest), oldest);
        if (first > next) {
            expected.put(origin, next);
            return count; // they will be sent again, with those before them
        }
        expected.put(origin, Math.max(next, first + count));
        return (int) Math.min(next - first, count);
    }

    /** A command that was let through was not proposed after all: it and those behind it will come again. */
    void refused(Origin origin, long sequence) {
        expected.computeIfPresent(origin, (key, next) -> Math.min(next, sequence));
    }
}
