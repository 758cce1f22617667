// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The port between the wire and the handlers: one handler per API key, called on an event loop, replies through a callback.
 */
@NullMarked
package io.varve.broker.request;

import org.jspecify.annotations.NullMarked;
