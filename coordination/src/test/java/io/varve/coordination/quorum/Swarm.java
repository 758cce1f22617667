// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.Random;

/** Which faults a seed has, each with a chance of one half, and how large everything is. */
record Swarm(
        int voters,
        int spares,
        boolean founded,
        boolean drops,
        boolean duplicates,
        boolean slowNetwork,
        boolean partitions,
        boolean processDeaths,
        boolean powerLosses,
        boolean powerCuts,
        boolean pauses,
        boolean slowDisks,
        boolean memberChanges,
        boolean wipes,
        boolean damagedSnapshots,
        boolean clocksDiffer,
        int entriesPerSnapshot,
        int segmentBytes,
        int cacheBytes,
        int fetchBytes) {

    static Swarm of(Random random) {
        int[] sizes = {1, 3, 3, 3, 5};
        return new Swarm(
                sizes[random.nextInt(sizes.length)],
                random.nextInt(3),
                random.nextInt(4) == 0,
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                5 + random.nextInt(60),
                1024 << random.nextInt(4),
                random.nextInt(4) * 2000,
                random.nextInt(3) == 0 ? 1 : 1 << 16);
    }

    /** Nothing but the cut of all members' power, again and again. */
    static Swarm ofPowerCuts(Random random) {
        return new Swarm(
                random.nextBoolean() ? 3 : 5,
                0,
                true,
                false,
                false,
                false,
                false,
                false,
                false,
                true,
                false,
                random.nextBoolean(),
                false,
                false,
                false,
                false,
                10 + random.nextInt(100),
                1024 << random.nextInt(4),
                random.nextInt(4) * 2000,
                1 << 16);
    }

    /** No faults. */
    static Swarm calm(int voters, int spares) {
        return new Swarm(
                voters, spares, false, false, false, false, false, false, false, false, false, false, false, false,
                false, false, 1_000_000, 1 << 20, 1 << 20, 1 << 16);
    }

    /** Elections all the time, among many: what makes the rare mistakes of elections and commits likely. */
    static Swarm ofElections(Random random) {
        return new Swarm(
                5,
                0,
                true,
                true,
                true,
                true,
                true,
                true,
                true,
                false,
                true,
                true,
                false,
                false,
                false,
                false,
                1_000_000,
                1 << 16,
                1 << 16,
                random.nextBoolean() ? 1 : 1 << 16);
    }
}
