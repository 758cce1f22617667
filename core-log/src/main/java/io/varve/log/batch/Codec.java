// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Compresses and decompresses the records of batches: the port behind which the compression libraries stand.
 *
 * <p>Threading: safe.
 */
interface Codec {

    /** Wraps {@code out}; closing the result ends the compressed data. */
    OutputStream compress(OutputStream out) throws IOException;

    /** Wraps {@code in}; memory is bounded by the codec's block, never by what the data claims. */
    InputStream decompress(InputStream in) throws IOException;
}
