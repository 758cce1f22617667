// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

/** What the leader says to a change of the membership. */
public enum ChangeStatus {
    /** The new voters stand in the leader's log. They hold; a new leader may take them back as long as they are not committed. */
    APPENDED(0),
    /** The voters are like that already. */
    UNCHANGED(1),
    /** The member that was asked does not lead. */
    NOT_LEADER(2),
    /** Another change is not committed yet, or the leader has not committed anything in its epoch: try again. */
    BUSY(3),
    /** The member is not fetching or has not caught up: try again. */
    NOT_CAUGHT_UP(4),
    /** A voter with this number and another directory is alive. */
    ID_IN_USE(5),
    /** No majority of the voters that would remain is alive. */
    WOULD_LOSE_QUORUM(6);

    private static final ChangeStatus[] STATUSES = values();

    private final int code;

    ChangeStatus(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    static ChangeStatus of(int code) {
        for (ChangeStatus status : STATUSES) {
            if (status.code == code) {
                return status;
            }
        }
        throw new IllegalArgumentException("unknown status of a change: code=" + code);
    }
}
