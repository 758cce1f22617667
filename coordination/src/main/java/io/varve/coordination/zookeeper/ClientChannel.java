// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import java.nio.ByteBuffer;

/**
 * The way back to one client. Frames leave in the order of the calls, without the length that the transport puts before them.
 *
 * <p>What is handed over is kept until it is sent; an implementation that would have to keep more than it wants to closes the
 * connection. It keeps the client from having more than {@link FrontEndConfig#maxOutstanding} frames unanswered by reading no further.
 *
 * <p>Threading: called on the member's thread, must not block it.
 */
public interface ClientChannel {

    /** Answers the oldest frame that has no answer yet. */
    void reply(ByteBuffer frame);

    /** Sends what no frame asked for: the event of a watch. */
    void push(ByteBuffer frame);

    /** Closes the connection once everything handed over before has left; the reason is for the log. Idempotent. */
    void close(String reason);
}
