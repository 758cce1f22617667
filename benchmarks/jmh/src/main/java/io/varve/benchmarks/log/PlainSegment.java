// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A file that batches are put into one behind the other: the least that any log can do. */
interface PlainSegment {

    void write(ByteBuffer batch, int position) throws IOException;

    /** Reads what fits into the buffer. */
    void read(ByteBuffer target, int position) throws IOException;

    /** Gives back the space of a file that was deleted. */
    void discard() throws IOException;

    void close() throws IOException;
}
