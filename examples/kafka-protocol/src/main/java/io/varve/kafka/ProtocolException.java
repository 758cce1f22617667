// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

/** Bytes from a peer do not form the message they claim to be. Closes the connection they came on, and nothing else. */
public final class ProtocolException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ProtocolException(String message) {
        super(message);
    }
}
