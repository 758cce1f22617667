// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

/** A log that knows its single records. */
interface RecordReadable {

    /** Reads records from the start of the log on. */
    RecordSource readRecords();
}
