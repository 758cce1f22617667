// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

/** What a replica does at present; only a {@link PartitionState} that is told changes it. */
public enum ReplicaRole {
    /** It appends and serves fetches. */
    LEADER,
    /** It fetches from the leader. */
    FOLLOWER,
    /** There is no leader, or it is this broker under an earlier registration, or this broker has no replica any more. */
    NONE
}
