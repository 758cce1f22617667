// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.nio.ByteBuffer;

/** Takes the bytes of a snapshot, in order. */
@FunctionalInterface
public interface SnapshotSink {

    /** Takes all remaining bytes; the buffer is used again after the call. */
    void write(ByteBuffer bytes);
}
