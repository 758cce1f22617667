// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

/** What comes of a fetch. */
public enum FetchStatus {
    /** The records from the offset on, if there are any. */
    OK,
    /** The logs differ before the offset. */
    DIVERGING,
    /** The offset is before the start of the log, or behind its end; a follower begins anew at the start. */
    OFFSET_OUT_OF_RANGE,
    /** It is not known yet whether there is something committed at the offset; ask again. */
    OFFSET_NOT_AVAILABLE,
    /** This replica does not lead, or may not serve; look for the leader. */
    NOT_LEADER,
    /** The asker's leader epoch is past. */
    FENCED_EPOCH,
    /** The asker's leader epoch is not known here yet; ask again. */
    UNKNOWN_EPOCH,
    /** The broker has registered again since. */
    FENCED_BROKER,
    /** The broker has no replica of the partition. */
    UNKNOWN_REPLICA
}
