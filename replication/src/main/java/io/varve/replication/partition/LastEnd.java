// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

/**
 * How the process that had a replica before this one has ended, found out by its owner when it opens the log. From it follows whether the
 * replica still holds all that it ever said it holds; one that may not must leave the in-sync and the eligible replicas before
 * anybody is elected from them. From the best end to the worst. Source: KIP-966, where the broker proves it with the broker epoch that it stored at a clean shutdown.
 */
public enum LastEnd {
    /** The log was forced and closed, and said so on disk. */
    CLEAN,
    /** The process has died, and the system has been up since: what was written is in its memory or on disk. */
    PROCESS_DEATH,
    /** Nobody knows; perhaps power was lost, and with it what was not forced. */
    UNKNOWN,
    /** There was none, as far as the disk tells: a new disk, or one that was replaced. Source: KIP-903. */
    NONE;

    /**
     * What must be said of two ends in a row: the worse. Nothing makes up for an end by which something may have got lost but a
     * registration that said so; a process that dies before it has registered does not.
     *
     * @param later the later end
     * @return the worse one
     */
    public LastEnd worse(LastEnd later) {
        return compareTo(later) >= 0 ? this : later;
    }

    /**
     * Whether the replica still holds all that it said it holds.
     *
     * @param durability what it does before it says so
     * @return false when something may be missing
     */
    public boolean keptAll(Durability durability) {
        return switch (this) {
            case CLEAN, PROCESS_DEATH -> true;
            case UNKNOWN -> durability == Durability.FORCED;
            case NONE -> false;
        };
    }
}
