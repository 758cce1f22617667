// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

/**
 * A member of a consumer group.
 *
 * <p>Threading: immutable.
 *
 * @param memberId the id that it gave itself
 * @param heardMs when it was last heard of, milliseconds since the epoch
 * @param currentSinceMs since when it has what it has
 */
record ConsumerMember(
        String memberId, MemberMetadata metadata, CurrentAssignment current, long heardMs, long currentSinceMs) {

    static ConsumerMember joining(String memberId, long nowMs) {
        return new ConsumerMember(memberId, MemberMetadata.UNKNOWN, CurrentAssignment.NONE, nowMs, nowMs);
    }

    ConsumerMember heard(long nowMs) {
        return new ConsumerMember(memberId, metadata, current, nowMs, currentSinceMs);
    }

    ConsumerMember with(MemberMetadata next) {
        return new ConsumerMember(memberId, next, current, heardMs, currentSinceMs);
    }

    ConsumerMember with(CurrentAssignment next, long nowMs) {
        return next.equals(current) ? this : new ConsumerMember(memberId, metadata, next, heardMs, nowMs);
    }

    /** When it is out unless it is heard of, or gives back what it must. */
    long deadlineMs(int sessionTimeoutMs) {
        long sessionEndMs = heardMs + sessionTimeoutMs;
        return current.state() == CurrentAssignment.State.UNREVOKED
                ? Math.min(sessionEndMs, currentSinceMs + metadata.rebalanceTimeoutMs())
                : sessionEndMs;
    }
}
