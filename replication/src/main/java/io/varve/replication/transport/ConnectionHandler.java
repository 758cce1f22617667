// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

import java.nio.ByteBuffer;

/**
 * What one connection's frames are given to.
 *
 * <p>Threading: confined to the connection's event loop, which must not be blocked.
 */
public interface ConnectionHandler {

    /**
     * A frame has arrived. An exception closes the connection.
     *
     * @param frame the frame without its length, from position to limit; valid until the exchange is completed
     * @param exchange takes the answer
     */
    void onFrame(ByteBuffer frame, Exchange exchange);

    /** The connection is closed; no frame follows. */
    void onClosed();
}
