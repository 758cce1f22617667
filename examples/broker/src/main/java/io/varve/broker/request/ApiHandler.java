// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.request;

import io.varve.kafka.ApiMessage;
import io.varve.kafka.message.ApiKey;

/**
 * Carries out the requests of one API key.
 *
 * <p>Threading: safe; {@link #handle} is called on event loops and must not block them.
 *
 * @param <Q> the request
 * @param <R> the response
 */
public interface ApiHandler<Q extends ApiMessage, R extends ApiMessage> {

    /** The API that this handler serves; it is advertised because the handler is in the table. */
    ApiKey api();

    /** The oldest version served, inclusive. */
    default short oldestVersion() {
        return api().oldestVersion();
    }

    /** The latest version served, inclusive. */
    default short latestVersion() {
        return api().latestVersion();
    }

    /**
     * Carries out one request.
     *
     * @param context where the request came from
     * @param request the decoded request; record bytes inside it stay valid until the reply is given
     * @param reply takes the response, once, from any thread
     */
    void handle(RequestContext context, Q request, Reply<R> reply);
}
