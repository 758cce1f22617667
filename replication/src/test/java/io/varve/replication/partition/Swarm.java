// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import java.util.EnumSet;
import java.util.Random;
import java.util.Set;

/**
 * Which misfortunes a run has and how large everything is.
 *
 * @param brokers how many, each with a replica
 * @param minInSync the topic's {@code min.insync.replicas}
 * @param durability what a replica does before it says that it holds something
 * @param fetchRecords records in the answer to a fetch
 * @param misfortuneMs how long after a misfortune the next may come, at most, milliseconds
 * @param misfortunes what befalls it
 */
public record Swarm(
        int brokers,
        int minInSync,
        Durability durability,
        int fetchRecords,
        int misfortuneMs,
        Set<Misfortune> misfortunes) {

    boolean has(Misfortune misfortune) {
        return misfortunes.contains(misfortune);
    }

    /** Each misfortune with a chance of one half. */
    public static Swarm of(Random random) {
        Set<Misfortune> misfortunes = EnumSet.noneOf(Misfortune.class);
        for (Misfortune misfortune : Misfortune.values()) {
            if (random.nextBoolean()) {
                misfortunes.add(misfortune);
            }
        }
        int brokers = 3 + random.nextInt(3);
        return new Swarm(
                brokers,
                1 + random.nextInt(brokers - 1),
                random.nextInt(3) == 0 ? Durability.FORCED : Durability.WRITTEN,
                random.nextBoolean() ? 2 : 50,
                random.nextInt(4) == 0 ? 150 : 1000,
                misfortunes);
    }

    /** Nothing but losses of power, one or all, where each acknowledgement must hold. */
    static Swarm ofPowerLosses(Random random) {
        Set<Misfortune> misfortunes = EnumSet.of(Misfortune.POWER_CUTS, Misfortune.POWER_LOSSES);
        if (random.nextBoolean()) {
            misfortunes.add(Misfortune.SLOW_DISKS);
        }
        return new Swarm(3, 2, Durability.FORCED, 50, 1000, misfortunes);
    }

    /** Leaders all the time, of which others hear late: what makes the rare mistakes about epochs and proposals likely. */
    static Swarm ofHandovers(Random random) {
        Set<Misfortune> misfortunes = EnumSet.of(
                Misfortune.LEADER_MOVES, Misfortune.SLOW_NETWORK, Misfortune.DUPLICATES, Misfortune.BARRED_BROKERS);
        if (random.nextBoolean()) {
            misfortunes.add(Misfortune.PARTITIONS);
            misfortunes.add(Misfortune.PAUSES);
        }
        return new Swarm(3, 1 + random.nextInt(2), Durability.WRITTEN, 50, 150, misfortunes);
    }

    /** None. */
    static Swarm calm(int brokers, int minInSync, Durability durability) {
        return new Swarm(brokers, minInSync, durability, 50, 1000, EnumSet.noneOf(Misfortune.class));
    }
}
