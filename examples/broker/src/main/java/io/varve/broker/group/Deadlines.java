// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * When each group must be looked at again, so that neither a command nor a tick asks all groups.
 *
 * <p>Threading: confined to the owner of the machine.
 */
final class Deadlines {

    private final Map<String, Long> byGroup = new HashMap<>();
    private final TreeMap<Long, TreeSet<String>> byTime = new TreeMap<>();

    /** Sets a group's deadline; {@link Long#MAX_VALUE} for none. */
    void put(String groupId, long deadlineMs) {
        remove(groupId);
        if (deadlineMs != Long.MAX_VALUE) {
            byGroup.put(groupId, deadlineMs);
            byTime.computeIfAbsent(deadlineMs, ms -> new TreeSet<>()).add(groupId);
        }
    }

    void remove(String groupId) {
        Long deadlineMs = byGroup.remove(groupId);
        TreeSet<String> groups = deadlineMs == null ? null : byTime.get(deadlineMs);
        if (groups != null && groups.remove(groupId) && groups.isEmpty()) {
            byTime.remove(deadlineMs);
        }
    }

    /** The earliest deadline, {@link Long#MAX_VALUE} for none. */
    long nextMs() {
        return byTime.isEmpty() ? Long.MAX_VALUE : byTime.firstKey();
    }

    /** The groups whose deadline has come, in the order of their deadlines and then of their ids. */
    List<String> due(long nowMs) {
        List<String> due = new ArrayList<>();
        byTime.headMap(nowMs, true).values().forEach(due::addAll);
        return due;
    }
}
