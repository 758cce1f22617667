// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import org.jspecify.annotations.Nullable;

/**
 * What a leader answers to a {@link ReplicaFetch}. The records travel beside it.
 *
 * <p>Threading: immutable.
 *
 * @param number that of the fetch
 * @param brokerEpoch that of the fetch, since another process of the follower may count its fetches anew
 * @param status what came of it; the fields that follow it hold in case of {@link FetchStatus#OK}, {@link FetchStatus#DIVERGING} and
 *     {@link FetchStatus#OFFSET_OUT_OF_RANGE}
 * @param leaderEpoch the epoch in which this was answered; the one that the answerer knows when it refuses
 * @param highWatermark first offset that the leader does not know to be committed
 * @param startOffset first offset of the leader's log
 * @param endOffset up to where the leader's log may be read for this fetch, exclusive; equal to the fetch's offset when there is nothing
 * @param diverging in case of {@link FetchStatus#DIVERGING}, where the leader's latest epoch ends that is not later than the
 *     follower's last; otherwise null
 */
public record FetchAnswer(
        int number,
        long brokerEpoch,
        FetchStatus status,
        int leaderEpoch,
        long highWatermark,
        long startOffset,
        long endOffset,
        @Nullable EpochEnd diverging) {

    /**
     * Checks that it says where the logs differ, and only then.
     *
     * @param number as in the record
     * @param brokerEpoch as in the record
     * @param status as in the record
     * @param leaderEpoch as in the record
     * @param highWatermark as in the record
     * @param startOffset as in the record
     * @param endOffset as in the record
     * @param diverging as in the record
     * @throws IllegalArgumentException when status and {@code diverging} contradict each other
     */
    public FetchAnswer {
        if ((status == FetchStatus.DIVERGING) != (diverging != null)) {
            throw new IllegalArgumentException("contradiction: status=" + status + ", diverging=" + diverging);
        }
    }
}
