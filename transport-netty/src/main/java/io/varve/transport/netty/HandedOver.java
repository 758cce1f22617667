// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.varve.replication.transport.OutFrame;

/** What any thread gives to a connection; it is carried out on the event loop, in the order in which it was given. */
sealed interface HandedOver permits HandedOver.Sent, HandedOver.End, NettyExchange {

    /**
     * A frame that answers nothing.
     *
     * @param heldBytes what it was counted with in the {@link SendBuffer}
     */
    record Sent(OutFrame frame, long heldBytes) implements HandedOver {}

    /** The wish to close when all that was given before has been sent. */
    record End(String reason) implements HandedOver {}
}
