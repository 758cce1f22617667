// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.coordination.CoordinationException;

/** Bytes are not the message, or the voters, that they claim to be. Closes the connection they came on, and nothing else. */
public final class PeerMessageException extends CoordinationException {
    private static final long serialVersionUID = 1L;

    /**
     * Says what is wrong.
     *
     * @param message what is wrong
     */
    public PeerMessageException(String message) {
        super(message);
    }
}
