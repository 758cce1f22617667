// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.request;

import io.varve.kafka.ApiMessage;

/**
 * Where the response to one request goes. Exactly one of the methods is called, exactly once.
 *
 * <p>Threading: safe.
 */
public interface Reply<R extends ApiMessage> {

    /** Sends the response after the responses to all earlier requests of the connection. */
    void send(R response);

    /** The request is done and has no response, as a Produce with acks=0. */
    void sendNothing();

    /** The request breaks the protocol: closes the connection and logs the reason. */
    void disconnect(String reason);
}
