// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

/**
 * Who a replica is and how it behaves.
 *
 * <p>Threading: immutable.
 *
 * @param self id of its broker
 * @param durability what is done with a record before the replica says that it holds it
 * @param lagNs for how long a follower may be behind before it leaves the in-sync replicas, nanoseconds; Kafka's
 *     {@code replica.lag.time.max.ms}
 * @param retryNs after how long something is sent again that was not answered, or was refused, nanoseconds; more than the owner of a
 *     leader lets a fetch wait for something new
 */
public record ReplicaConfig(int self, Durability durability, long lagNs, long retryNs) {

    /** What {@code replica.lag.time.max.ms} is unless configured otherwise: 30 s. */
    public static final long DEFAULT_LAG_NS = 30_000_000_000L;

    /** Half a second. */
    public static final long DEFAULT_RETRY_NS = 500_000_000L;

    /**
     * Checks the numbers.
     *
     * @param self as in the record
     * @param durability as in the record
     * @param lagNs as in the record
     * @param retryNs as in the record
     * @throws IllegalArgumentException when the id is negative or a time is not positive
     */
    public ReplicaConfig {
        if (self < 0) {
            throw new IllegalArgumentException("negative: self=" + self);
        }
        if (lagNs <= 0 || retryNs <= 0) {
            throw new IllegalArgumentException("must be positive: lagNs=" + lagNs + ", retryNs=" + retryNs);
        }
    }
}
