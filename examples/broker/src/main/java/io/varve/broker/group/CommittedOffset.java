// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

/**
 * How far a group has come in a partition.
 *
 * <p>Threading: immutable.
 *
 * @param offset the next record that the group wants
 * @param leaderEpoch epoch of the record before, -1 when unknown
 * @param metadata what the consumer wants to remember with it
 * @param commitMs when it was committed, milliseconds since the epoch
 * @param expireMs when it is to be forgotten, as clients up to version 4 of the commit may ask; {@link #AS_CONFIGURED} when they do not
 */
record CommittedOffset(long offset, int leaderEpoch, String metadata, long commitMs, long expireMs) {

    /** The broker's retention decides. */
    static final long AS_CONFIGURED = -1;

    CommittedOffset(long offset, int leaderEpoch, String metadata, long commitMs) {
        this(offset, leaderEpoch, metadata, commitMs, AS_CONFIGURED);
    }

    /**
     * Whether the offset may be forgotten.
     *
     * @param unusedSinceMs since when nobody has needed it
     */
    boolean isExpired(long nowMs, long unusedSinceMs, long retentionMs) {
        return expireMs == AS_CONFIGURED ? nowMs - unusedSinceMs >= retentionMs : nowMs >= expireMs;
    }
}
