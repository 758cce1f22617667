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
     * @param exchange takes the answer, or hears that there is none
     */
    void onFrame(ByteBuffer frame, Exchange exchange);

    /**
     * The peer began with a word of four bytes instead of a frame, as ZooKeeper's four-letter words do. Only a listener that was told of the
     * word says so, and nothing else follows: the answer goes out as it is, without a length, and then the connection is closed.
     *
     * @param word four characters of ASCII
     * @param exchange takes the answer
     */
    default void onWord(String word, Exchange exchange) {
        exchange.disconnect("nothing is known of this word: word=" + word);
    }

    /** After {@link SendResult#BACK_PRESSURED}: there is room again. May also be called when there was always room. */
    default void onSendable() {}

    /**
     * The connection is closed; no frame follows. Called once.
     *
     * @param reason why, a sentence for the log
     */
    void onClosed(String reason);
}
