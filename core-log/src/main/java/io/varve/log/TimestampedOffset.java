// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

/**
 * A record found by its timestamp.
 *
 * <p>Threading: immutable.
 *
 * @param offset the record's offset
 * @param timestampMs its timestamp, milliseconds since the epoch
 * @param epoch the leader epoch in which it was appended
 */
public record TimestampedOffset(long offset, long timestampMs, int epoch) {}
