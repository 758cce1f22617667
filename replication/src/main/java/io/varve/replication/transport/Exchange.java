// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

/**
 * One frame that came in and the answer it may be owed. Exactly one of the methods is called, exactly once; then the frame's memory is
 * given back. Answers leave in the order of the frames, whatever the order in which exchanges are completed. A connection bounds
 * the exchanges and the bytes that are open, and stops reading at the bound.
 *
 * <p>Threading: safe.
 */
public interface Exchange {

    /** Answers; the frame is the transport's until it is released, sent or not. */
    void reply(OutFrame frame);

    /** Is done without an answer. */
    void done();

    /** Closes the connection, because the frame breaks the protocol; the reason goes to the log. */
    void disconnect(String reason);
}
