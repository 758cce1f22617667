// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

/**
 * What a member is doing. Any role may become {@code UNATTACHED} or {@code FOLLOWER}; {@code PROSPECTIVE} becomes {@code CANDIDATE}, which
 * becomes {@code LEADER}, and only {@code UNATTACHED} and {@code FOLLOWER} become {@code PROSPECTIVE}. Source: KIP-595, KIP-996.
 */
public enum Role {
    /** Knows no leader: waits for one until its election timeout, or looks for one when it is no voter. */
    UNATTACHED,
    /** Fetches from the leader; as an observer when it is no voter. */
    FOLLOWER,
    /** Asks whether it would be elected, and raises no epoch. */
    PROSPECTIVE,
    /** Has raised the epoch, voted for itself and asks for votes. */
    CANDIDATE,
    /** Appends, and answers fetches. */
    LEADER
}
