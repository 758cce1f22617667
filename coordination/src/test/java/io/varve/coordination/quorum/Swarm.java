// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.EnumSet;
import java.util.Random;
import java.util.Set;

/**
 * Which misfortunes a run has and how large everything is.
 *
 * @param voters members that vote from the beginning
 * @param spares members that do not
 * @param founded whether the configuration knows the voters' directories
 * @param misfortunes what befalls it
 * @param sizes how large everything is
 */
record Swarm(int voters, int spares, boolean founded, Set<Misfortune> misfortunes, Sizes sizes) {

    /** Small ones make rare things frequent. */
    record Sizes(int entriesPerSnapshot, int segmentBytes, int cacheBytes, int fetchBytes) {

        static Sizes of(Random random) {
            return new Sizes(
                    5 + random.nextInt(60),
                    1024 << random.nextInt(4),
                    random.nextInt(4) * 2000,
                    random.nextInt(3) == 0 ? 1 : 1 << 16);
        }
    }

    boolean has(Misfortune misfortune) {
        return misfortunes.contains(misfortune);
    }

    /** Each misfortune with a chance of one half. */
    static Swarm of(Random random) {
        Set<Misfortune> misfortunes = EnumSet.noneOf(Misfortune.class);
        for (Misfortune misfortune : Misfortune.values()) {
            if (random.nextBoolean()) {
                misfortunes.add(misfortune);
            }
        }
        int[] voters = {1, 3, 3, 3, 5};
        return new Swarm(
                voters[random.nextInt(voters.length)],
                random.nextInt(3),
                random.nextInt(4) == 0,
                misfortunes,
                Sizes.of(random));
    }

    /** Nothing but cuts of all power, again and again. */
    static Swarm ofPowerCuts(Random random) {
        Set<Misfortune> misfortunes = EnumSet.of(Misfortune.POWER_CUTS);
        if (random.nextBoolean()) {
            misfortunes.add(Misfortune.SLOW_DISKS);
        }
        return new Swarm(random.nextBoolean() ? 3 : 5, 0, true, misfortunes, Sizes.of(random));
    }

    /** Elections all the time: what makes the rare mistakes of elections and commits likely. */
    static Swarm ofElections(Random random) {
        Set<Misfortune> misfortunes = EnumSet.of(
                Misfortune.AMBUSHES,
                Misfortune.BROKEN_LINKS,
                Misfortune.DROPS,
                Misfortune.DUPLICATES,
                Misfortune.PARTITIONS,
                Misfortune.PAUSES,
                Misfortune.SLOW_NETWORK);
        Sizes sizes = new Sizes(1_000_000, 1 << 16, 1 << 16, random.nextBoolean() ? 1 : 1 << 16);
        return new Swarm(random.nextBoolean() ? 3 : 5, 0, true, misfortunes, sizes);
    }

    /** None. */
    static Swarm calm(int voters, int spares, int fetchBytes) {
        Sizes sizes = new Sizes(1_000_000, 1 << 20, 1 << 20, fetchBytes);
        return new Swarm(voters, spares, false, EnumSet.noneOf(Misfortune.class), sizes);
    }
}
