// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Kafka connections: frames in, requests to handlers, responses out in order. Threads: the event loops of the listener.
 */
@NullMarked
package io.varve.broker.wire;

import org.jspecify.annotations.NullMarked;
