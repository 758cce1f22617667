// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.request;

/** A request, or a part of it, is refused with an error of Kafka's protocol. */
public final class RequestException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final ErrorCode error;

    public RequestException(ErrorCode error, String message) {
        super(message);
        this.error = error;
    }

    /** The error that the client is told. */
    public ErrorCode error() {
        return error;
    }
}
