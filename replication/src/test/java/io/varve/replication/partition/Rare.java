// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

/** What a simulation must have come through, over all of its seeds, to prove anything. */
public enum Rare {
    LEADER_ELECTED,
    ELIGIBLE_ELECTED,
    LEADER_MOVED,
    OPERATOR_ELECTED,
    SESSION_EXPIRED,
    ISR_EXPANDED,
    ISR_SHRUNK,
    PROPOSAL_STALE,
    PROPOSAL_INELIGIBLE,
    TRUNCATED,
    RESET,
    FENCED_FETCH,
    FENCED_BROKER,
    NOT_ENOUGH_REPLICAS,
    COMMIT_UNKNOWN,
    TIMED_OUT,
    ACKNOWLEDGED,
    SENT_AGAIN,
    READ_FROM_FOLLOWER,
    NOT_AVAILABLE,
    PROCESS_DIED,
    POWER_LOST,
    UNFORCED_TAIL_LOST,
    POWER_CUT,
    PAUSED,
    DISK_WIPED,
    SHUT_DOWN,
    ONE_WAY_PARTITION,
    PARTITION
}
