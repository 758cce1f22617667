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
 * @param askedMs when it was asked to join again, as is done in the classic protocol; {@link #NOT_ASKED} when it was not
 */
record ConsumerMember(
        String memberId,
        MemberMetadata metadata,
        CurrentAssignment current,
        long heardMs,
        long currentSinceMs,
        long askedMs) {

    /** Stands for a time that has not come. */
    static final long NOT_ASKED = Long.MAX_VALUE;

    static ConsumerMember joining(String memberId, long nowMs) {
        return new ConsumerMember(memberId, MemberMetadata.UNKNOWN, CurrentAssignment.NONE, nowMs, nowMs, NOT_ASKED);
    }

    /** It has been heard of. */
    ConsumerMember heard(long nowMs) {
        return new ConsumerMember(memberId, metadata, current, nowMs, currentSinceMs, askedMs);
    }

    /** It has been asked to join again, if not before. */
    ConsumerMember asked(long nowMs) {
        return new ConsumerMember(memberId, metadata, current, heardMs, currentSinceMs, Math.min(askedMs, nowMs));
    }

    /** It has said what it wants, as it may have been asked to. */
    ConsumerMember with(MemberMetadata next) {
        return new ConsumerMember(memberId, next, current, heardMs, currentSinceMs, NOT_ASKED);
    }

    ConsumerMember with(CurrentAssignment next, long nowMs) {
        return next.equals(current) ? this : new ConsumerMember(memberId, metadata, next, heardMs, nowMs, askedMs);
    }

    /** When it is out unless it is heard of, gives back what it must, or joins again as it was asked to. */
    long deadlineMs(int sessionTimeoutMs) {
        ClassicMetadata classic = metadata.classic();
        long sessionEndMs = heardMs + (classic == null ? sessionTimeoutMs : classic.sessionTimeoutMs());
        boolean revoking = current.state() == CurrentAssignment.State.UNREVOKED;
        long sinceMs = revoking ? Math.min(askedMs, currentSinceMs) : askedMs;
        return sinceMs == NOT_ASKED ? sessionEndMs : Math.min(sessionEndMs, sinceMs + metadata.rebalanceTimeoutMs());
    }
}
