// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.index;

/**
 * What a segment amounts to.
 *
 * <p>Threading: immutable.
 *
 * @param sizeBytes length of its log file
 * @param endOffset one past its last offset
 * @param maxTimestampMs largest timestamp, -1 when there is none
 * @param maxTimestampOffset last offset of the first batch that has it, -1 when there is none
 */
public record SegmentSummary(long sizeBytes, long endOffset, long maxTimestampMs, long maxTimestampOffset) {}
