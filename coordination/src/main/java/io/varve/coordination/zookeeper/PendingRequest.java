// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import org.jspecify.annotations.Nullable;

/**
 * A request that is owed its reply.
 *
 * <p>Threading: confined to the member's thread.
 */
final class PendingRequest {

    /** Writes the body of a reply; called when the reply's turn has come, so that a read sees the writes before it and no more. */
    @FunctionalInterface
    interface Answer {
        ErrorCode write(JuteWriter body);
    }

    final int xid;
    final String operation;
    final long receivedNs;
    private @Nullable Answer answer;
    private @Nullable String closeReason;

    PendingRequest(int xid, String operation, long receivedNs) {
        this.xid = xid;
        this.operation = operation;
        this.receivedNs = receivedNs;
    }

    /** From now on the request can be answered, once those before it are. */
    void ready(Answer newAnswer) {
        answer = newAnswer;
    }

    /** As {@link #ready}; and the connection is closed behind the answer. */
    void readyThenClose(ErrorCode error, String reason) {
        answer = body -> error;
        closeReason = reason;
    }

    /** Null while it is being worked on. */
    @Nullable
    Answer answer() {
        return answer;
    }

    /** Why the connection is closed behind the answer, or null. */
    @Nullable
    String closeReason() {
        return closeReason;
    }
}
