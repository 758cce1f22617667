// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads batches in order. A batch is in memory of the reader, and checked as the contender's own readers check it: Varve and Kafka
 * compare the checksum, the others trust their bytes.
 *
 * <p>Threading: confined to one thread.
 */
interface ReadSource extends AutoCloseable {

    /** The next batch, from position to limit, valid until the next call; null at the end of the log. */
    @Nullable
    ByteBuffer next();

    /**
     * Continues with the batch that holds an offset.
     *
     * @throws UnsupportedOperationException when the contender can only find offset 0
     */
    void seek(long offset);

    @Override
    void close();
}
