// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * How the partitions of a topic lie on the brokers.
 *
 * <p>Threading: immutable.
 *
 * @param bytes of records, by broker
 * @param leaders how many it leads, by broker
 */
record Spread(Map<Integer, Long> bytes, Map<Integer, Long> leaders) {

    /** Copies the maps. */
    Spread {
        bytes = Map.copyOf(bytes);
        leaders = Map.copyOf(leaders);
    }

    /** Whether these brokers, and no others, have a part, and none has more than so many times the mean of them. */
    boolean isEven(Set<Integer> brokers, double mostToMean) {
        return holders(bytes).equals(brokers)
                && holders(leaders).equals(brokers)
                && maxToMean(bytes) <= mostToMean
                && maxToMean(leaders) <= mostToMean;
    }

    private static Set<Integer> holders(Map<Integer, Long> parts) {
        Map<Integer, Long> held = new TreeMap<>(parts);
        held.values().removeIf(part -> part == 0);
        return held.keySet();
    }

    private static double maxToMean(Map<Integer, Long> parts) {
        long[] held = parts.values().stream()
                .mapToLong(Long::longValue)
                .filter(part -> part > 0)
                .toArray();
        long max = 0;
        long sum = 0;
        for (long part : held) {
            max = Math.max(max, part);
            sum += part;
        }
        return max * (double) held.length / sum;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "max/mean %.2f of bytes %s, %.2f of leaders %s",
                maxToMean(bytes),
                new TreeMap<>(bytes),
                maxToMean(leaders),
                new TreeMap<>(leaders));
    }
}
