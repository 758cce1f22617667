// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.request;

import io.varve.kafka.message.ApiKey;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where a request came from.
 *
 * <p>Threading: immutable.
 *
 * @param api the API key
 * @param version the version in which the request was sent and the response will be
 * @param clientId what the client calls itself
 * @param remote the client's address
 * @param listener the name of the listener the connection came in on
 */
public record RequestContext(
        ApiKey api, short version, @Nullable String clientId, InetSocketAddress remote, String listener) {}
