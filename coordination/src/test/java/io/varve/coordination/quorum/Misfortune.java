// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

/** What can befall a quorum. */
enum Misfortune {
    /** Messages get lost. */
    DROPS,
    /** Messages come twice. */
    DUPLICATES,
    /** Messages take long, and so overtake each other. */
    SLOW_NETWORK,
    /** Links break: with the process at their other end, and for no reason. Who is told may suspect the wrong. */
    BROKEN_LINKS,
    /** Members do not hear others, in one direction or in both. */
    PARTITIONS,
    /** A process dies; what it wrote is there. */
    PROCESS_DEATHS,
    /** A machine dies, now or in the middle of a write; what was not forced is gone or torn. */
    POWER_LOSSES,
    /** All machines die at once. */
    POWER_CUTS,
    /** A process stands still and goes on as if nothing had happened. */
    PAUSES,
    /** A disk takes its time to force. */
    SLOW_DISKS,
    /** Voters are added and removed. */
    MEMBER_CHANGES,
    /** A disk is replaced by an empty one. */
    WIPES,
    /** A bit of a snapshot flips, on disk or on its way. */
    DAMAGED_SNAPSHOTS,
    /** Clocks begin at other times and run faster or slower. */
    CLOCKS_DIFFER,
    /** Machines die right after they have voted or have been elected. */
    AMBUSHES
}
