// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

/** A log that finds records by their timestamp. */
interface TimeIndexed {

    /** Offset of the first record whose timestamp is at or after a time, -1 when there is none. */
    long firstAtOrAfter(long timestampMs);
}
