// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

/** What became of a frame that was given to {@link Connection#send}. */
public enum SendResult {

    /** The connection has taken it. That it arrives is not promised: the connection may break. */
    SENT,

    /** As much as may be waits to be sent already; {@link ConnectionHandler#onSendable} says when to try again. */
    BACK_PRESSURED,

    /** The connection is closed, or there is none. */
    CLOSED
}
