// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

/** What a replica must have done with a record before it says that it holds it, and so what an acknowledgement to a producer survives. */
public enum Durability {
    /**
     * It is in the log; the operating system may still keep it in memory. An acknowledged record survives any number of process deaths,
     * and losses of power at as many replicas as stay below {@code min.insync.replicas}.
     */
    WRITTEN,
    /** It is forced to disk. An acknowledged record survives the loss of power at all replicas at once. */
    FORCED
}
