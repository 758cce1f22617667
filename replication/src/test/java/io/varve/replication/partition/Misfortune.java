// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

/** What can befall a partition. */
public enum Misfortune {
    /** Messages get lost. */
    DROPS,
    /** Messages come twice. */
    DUPLICATES,
    /** Messages take long, and so overtake each other. */
    SLOW_NETWORK,
    /** Brokers do not hear others or the controller, in one direction or in both. */
    PARTITIONS,
    /** A process dies; what it wrote is there. */
    PROCESS_DEATHS,
    /** A machine dies; what was not forced is gone, or half of it. */
    POWER_LOSSES,
    /** All machines die at once. */
    POWER_CUTS,
    /** A process stands still and goes on as if nothing had happened. */
    PAUSES,
    /** A disk takes its time to force. */
    SLOW_DISKS,
    /** A disk is replaced by an empty one. */
    WIPES,
    /** A broker ends in an orderly way. */
    CLEAN_SHUTDOWNS,
    /** The controller lets another lead, though nothing is wrong. */
    LEADER_MOVES,
    /** A broker may not join those in sync for a while, and may again under the same registration. */
    BARRED_BROKERS,
    /** The leader's oldest records are deleted. */
    RETENTION
}
