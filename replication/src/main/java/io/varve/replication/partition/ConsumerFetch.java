// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.partition;

import org.jspecify.annotations.Nullable;

/**
 * What a consumer wants to read.
 *
 * <p>Threading: immutable.
 *
 * @param offset its position
 * @param leaderEpoch the epoch of the leader that it knows; {@link EpochEnd#NONE} when it does not say. Source: KIP-320
 * @param lastEpoch the epoch of the record before its position; {@link EpochEnd#NONE} when it does not say
 * @param rack where it stands; null when it wants no replica near it. Source: KIP-392
 */
public record ConsumerFetch(long offset, int leaderEpoch, int lastEpoch, @Nullable String rack) {}
