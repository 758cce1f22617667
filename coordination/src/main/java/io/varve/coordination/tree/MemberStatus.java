// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/**
 * What an operator wants to know of a member.
 *
 * <p>Threading: immutable.
 *
 * @param memberId its id
 * @param role what it is in the quorum at present
 * @param leaderId the member that leads, -1 when none is known
 * @param epoch the quorum's epoch
 * @param lastZxid last transaction that was applied here, 0 when none
 * @param voters number of voting members
 * @param observers number of members that only replicate
 * @param syncedFollowers on the leader, followers that have all that is committed; otherwise 0
 * @param waitingCommands commands of this member's clients that are not applied yet
 * @param snapshotZxid last transaction of the newest snapshot, 0 when there is none
 * @param snapshotBytes size of the newest snapshot
 * @param logBytes size of the log
 * @param uptimeMs how long the member has run, milliseconds
 */
public record MemberStatus(
        int memberId,
        Role role,
        int leaderId,
        int epoch,
        long lastZxid,
        int voters,
        int observers,
        int syncedFollowers,
        int waitingCommands,
        long snapshotZxid,
        long snapshotBytes,
        long logBytes,
        long uptimeMs) {

    /** What a member is in the quorum. */
    public enum Role {
        /** The only member. */
        STANDALONE,
        /** Orders the log. */
        LEADER,
        /** Votes and follows a leader. */
        FOLLOWER,
        /** Follows a leader and does not vote. */
        OBSERVER,
        /** Knows no leader. */
        LOOKING
    }
}
