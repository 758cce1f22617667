// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

import java.net.InetSocketAddress;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;

/**
 * A link to one peer, accepted by a {@link Listener} or made by {@link Transport#connect}: both ends are the same thing.
 *
 * <p>Frames leave in the order in which they are handed over, whether as the answer of an exchange or by {@link #send}; calls of one
 * thread are handed over in the order of the calls. An answer counts as handed over when the exchanges of all earlier frames are
 * completed too, since answers leave in the order of the frames. So who completes exchanges in order, on one thread, and sends between two
 * answers, sees the frame go out between them; and a frame that is sent while an earlier exchange is open overtakes the answers that wait
 * for it.
 *
 * <p>Threading: safe.
 */
public interface Connection {

    /** A number that no other connection of this process has; a later connection has a larger one. */
    long id();

    /** The peer's address. */
    InetSocketAddress remote();

    /** The address at this end. */
    InetSocketAddress local();

    /** The subject of the certificate with which the peer has proved who it is; empty without TLS, or when it showed none. */
    Optional<X500Principal> peerPrincipal();

    /**
     * Sends a frame that answers nothing; never waits.
     *
     * @param frame at least one byte; the transport's until it is released when the result is {@link SendResult#SENT}, and still the
     *     caller's, not released, with any other
     * @throws IllegalArgumentException when the frame is empty or larger than {@link Integer#MAX_VALUE} bytes
     */
    SendResult send(OutFrame frame);

    /**
     * Closes the link when what was handed over before has been sent, or has taken too long; reads nothing more, and drops the exchanges
     * that are open. The reason goes to the log. Idempotent.
     */
    void finish(String reason);

    /** Closes the link, and drops what is not sent yet and the exchanges that are open. The reason goes to the log. Idempotent. */
    void close(String reason);
}
