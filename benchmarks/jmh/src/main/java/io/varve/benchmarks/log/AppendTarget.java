// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.nio.ByteBuffer;

/**
 * A log that batches are appended to. What it has appended is in the page cache when {@link #append} returns.
 *
 * <p>Every contender stores the same bytes: the batch with its base offset and epoch set, which each does on its own.
 *
 * <p>Threading: confined to one thread.
 */
interface AppendTarget extends AutoCloseable {

    /**
     * Appends one batch.
     *
     * @param batch the batch from position 0 to its limit; a contender may change its base offset and epoch, and leaves position and
     *     limit as they were
     * @return the base offset that the batch got
     */
    long append(ByteBuffer batch);

    /** Deletes all segments but the last two. */
    void deleteOld();

    /**
     * Reads batches from the start of the log on.
     *
     * @param fetchBytes about how many bytes one access to the log takes, at least one batch
     */
    ReadSource read(int fetchBytes);

    @Override
    void close();
}
