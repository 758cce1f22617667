// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

/**
 * Reads records in order, one at a time.
 *
 * <p>Threading: confined to one thread.
 */
interface RecordSource extends AutoCloseable {

    /** The first byte of the next record's value, unsigned; -1 at the end of the log. */
    int next();

    @Override
    void close();
}
