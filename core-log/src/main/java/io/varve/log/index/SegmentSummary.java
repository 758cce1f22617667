// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.index;

/**
 * What a segment amounts to, up to a point of its log file.
 *
 * <p>Threading: immutable.
 *
 * @param sizeBytes length of the log file that is summed up; what is below it is durable
 * @param endOffset one past the last offset below it
 * @param maxTimestampMs largest timestamp, -1 when there is none
 * @param maxTimestampOffset last offset of the first batch that has it, -1 when there is none
 * @param recoveryBytes how far beyond {@code sizeBytes} batches may stand that were appended later, bytes, 0 when none
 */
public record SegmentSummary(
        long sizeBytes, long endOffset, long maxTimestampMs, long maxTimestampOffset, long recoveryBytes) {}
