// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

/**
 * An offset and the leader epoch that it belongs to.
 *
 * <p>Threading: immutable.
 *
 * @param offset the offset
 * @param epoch the epoch
 */
public record OffsetAndEpoch(long offset, int epoch) {}
