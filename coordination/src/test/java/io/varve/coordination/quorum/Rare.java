// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

/** What a simulation must have come through, over all of its seeds, to prove anything. */
enum Rare {
    FOUNDED,
    LEADER_ELECTED,
    PRE_VOTE_REFUSED,
    VOTE_REFUSED,
    QUORUM_LOST,
    LEADER_RESIGNED,
    TRUNCATED,
    SNAPSHOT_TAKEN,
    SNAPSHOT_INSTALLED,
    SNAPSHOT_REJECTED,
    SNAPSHOT_DAMAGED,
    MEMBER_ADDED,
    MEMBER_REMOVED,
    MEMBERS_TAKEN_BACK,
    IDENTITY_REPLACED,
    DISK_WIPED,
    PROCESS_DIED,
    POWER_LOST,
    POWER_CUT,
    AMBUSHED,
    UNFORCED_TAIL_LOST,
    DIED_IN_A_WRITE,
    PAUSED,
    LINK_BROKEN,
    ONE_WAY_PARTITION,
    PARTITION,
    FORWARDED,
    READ_BY_FOLLOWER,
    READ_BY_LEADER,
    BACK_PRESSURED
}
