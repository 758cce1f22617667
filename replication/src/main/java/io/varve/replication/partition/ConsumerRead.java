// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import org.jspecify.annotations.Nullable;

/**
 * What a consumer may read.
 *
 * <p>Threading: immutable.
 *
 * @param status {@link FetchStatus#OK}, or why not
 * @param endOffset up to where it may read, exclusive; what is before it is known here to be committed. Not
 *     above its position when there is nothing to read
 * @param highWatermark what it may be told as high watermark; {@link #UNKNOWN} while the leader is new and might name one that is below
 *     what was named before
 * @param preferredReplica id of the broker that it should read from instead; {@link #HERE} when it should read here
 * @param diverging in case of {@link FetchStatus#DIVERGING}, where the epoch ends that its position was taken from; otherwise null
 */
public record ConsumerRead(
        FetchStatus status, long endOffset, long highWatermark, int preferredReplica, @Nullable EpochEnd diverging) {

    /** No high watermark. */
    public static final long UNKNOWN = -1;

    /** No other replica. */
    public static final int HERE = -1;

    static ConsumerRead refused(FetchStatus status) {
        return new ConsumerRead(status, 0, UNKNOWN, HERE, null);
    }
}
