// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One record of a batch, valid until the cursor moves.
 *
 * <p>Threading: confined to the thread of the cursor.
 */
public interface RecordView {

    /** {@return the record's offset in its log} */
    long offset();

    /** {@return when it was created or appended, milliseconds since the epoch; -1 when unknown} */
    long timestampMs();

    /** {@return the key, from position to limit} */
    @Nullable
    ByteBuffer key();

    /** {@return the value, from position to limit; a record without one marks its key as deleted} */
    @Nullable
    ByteBuffer value();

    /** {@return the headers in their order} */
    List<Header> headers();
}
