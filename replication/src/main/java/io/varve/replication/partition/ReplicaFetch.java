// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

/**
 * What a follower asks its leader for, and by that acknowledges: it holds everything before the offset as its leader does, if the leader
 * agrees on the epoch. Source: KIP-101, KIP-320, KIP-903.
 *
 * <p>Threading: immutable.
 *
 * @param number returned with the answer; a follower looks only at the answer to its latest fetch
 * @param replica id of the follower's broker
 * @param brokerEpoch number of its registration
 * @param leaderEpoch the epoch in which it takes the other for its leader
 * @param offset the end of its log
 * @param lastEpoch the epoch of its last record; {@link EpochEnd#NONE} when its log is empty
 */
public record ReplicaFetch(int number, int replica, long brokerEpoch, int leaderEpoch, long offset, int lastEpoch) {}
