// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.GroupCommand.Protocol;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A member of a group.
 *
 * <p>Threading: immutable, as long as nobody touches the bytes.
 *
 * @param memberId the id that the group gave it
 * @param instanceId the name that it keeps over restarts (KIP-345), null when it has none
 * @param protocols what it can take part in, its favourite first
 * @param assignment what the leader assigned to it in this generation
 * @param deadlineMs when its session ends unless it is heard of, milliseconds since the epoch
 * @param joinRequestId the join that waits for the generation, or {@link GroupCommand#NOBODY}
 * @param syncRequestId the sync that waits for the assignment, {@link GroupCommand#NOBODY}, or {@link #OWED} while the member has not
 *     asked for its assignment in this generation
 */
@SuppressWarnings("ArrayRecordComponent") // compared by content where it matters
record Member(
        String memberId,
        @Nullable String instanceId,
        GroupCommand.Client client,
        GroupCommand.Timeouts timeouts,
        List<Protocol> protocols,
        byte[] assignment,
        long deadlineMs,
        long joinRequestId,
        long syncRequestId) {

    /** Stands for the sync that a member has not sent yet. */
    static final long OWED = -2;

    private static final byte[] NOTHING = new byte[0];

    static Member joining(GroupCommand.Join join, String memberId, long nowMs) {
        return new Member(
                memberId,
                join.identity().instanceId(),
                join.client(),
                join.timeouts(),
                join.protocols(),
                NOTHING,
                nowMs + join.timeouts().sessionMs(),
                join.requestId(),
                GroupCommand.NOBODY);
    }

    /** This member as it joins again; its names stay what they were. */
    Member rejoining(GroupCommand.Join join, long nowMs) {
        return new Member(
                memberId,
                instanceId,
                join.client(),
                join.timeouts(),
                join.protocols(),
                assignment,
                nowMs + join.timeouts().sessionMs(),
                join.requestId(),
                GroupCommand.NOBODY);
    }

    boolean isJoining() {
        return joinRequestId != GroupCommand.NOBODY;
    }

    boolean isSyncing() {
        return syncRequestId != GroupCommand.NOBODY && syncRequestId != OWED;
    }

    /** Whether it is in the generation but has not asked for its assignment. */
    boolean owesSync() {
        return syncRequestId == OWED;
    }

    Member heard(long nowMs) {
        return with(assignment, nowMs + timeouts.sessionMs(), joinRequestId, syncRequestId);
    }

    /** In the next generation, without an assignment yet. */
    Member joined(long nowMs) {
        return with(NOTHING, nowMs + timeouts.sessionMs(), GroupCommand.NOBODY, OWED);
    }

    Member syncing(long requestId, long nowMs) {
        return with(assignment, nowMs + timeouts.sessionMs(), joinRequestId, requestId);
    }

    /** Has its assignment; whoever waited for it is told and so counts as heard. */
    Member assigned(byte[] newAssignment, long nowMs) {
        return isSyncing()
                ? with(newAssignment, nowMs + timeouts.sessionMs(), joinRequestId, GroupCommand.NOBODY)
                : with(newAssignment, deadlineMs, joinRequestId, syncRequestId);
    }

    /** Waits for no assignment, because another rebalance begins; whoever waited is told and so counts as heard. */
    Member released(long nowMs) {
        long newDeadlineMs = isSyncing() ? nowMs + timeouts.sessionMs() : deadlineMs;
        return with(assignment, newDeadlineMs, joinRequestId, GroupCommand.NOBODY);
    }

    /** In the place and with the assignment of its earlier self, waiting for nothing. */
    Member inPlaceOf(Member before) {
        return with(before.assignment(), deadlineMs, GroupCommand.NOBODY, GroupCommand.NOBODY);
    }

    private Member with(byte[] newAssignment, long newDeadlineMs, long newJoinRequestId, long newSyncRequestId) {
        return new Member(
                memberId,
                instanceId,
                client,
                timeouts,
                protocols,
                newAssignment,
                newDeadlineMs,
                newJoinRequestId,
                newSyncRequestId);
    }

    /** What it said for a protocol, nothing when it does not know the protocol. */
    byte[] metadata(@Nullable String protocolName) {
        return protocols.stream()
                .filter(protocol -> protocol.name().equals(protocolName))
                .findFirst()
                .map(Protocol::metadata)
                .orElse(NOTHING);
    }

    boolean supports(String protocolName) {
        return protocols.stream().anyMatch(protocol -> protocol.name().equals(protocolName));
    }

    /** Whether a join says the same as this member did. */
    boolean saysTheSame(List<Protocol> others) {
        if (protocols.size() != others.size()) {
            return false;
        }
        for (int i = 0; i < others.size(); i++) {
            if (!protocols.get(i).name().equals(others.get(i).name())
                    || !Arrays.equals(protocols.get(i).metadata(), others.get(i).metadata())) {
                return false;
            }
        }
        return true;
    }
}
