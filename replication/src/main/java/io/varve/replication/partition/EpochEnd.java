// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

/**
 * Where an epoch ends in a log.
 *
 * <p>Threading: immutable.
 *
 * @param epoch the epoch; {@link #NONE} when the log knows none that early
 * @param endOffset the offset behind its last record, exclusive; the start of the log when the epoch is {@link #NONE}
 */
public record EpochEnd(int epoch, long endOffset) {

    /** No epoch: that of an empty log. The first leader's is 0. */
    public static final int NONE = -1;
}
